"""What the admin's inlines of audited tables are made from: rows on the page of another row."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.forms import Field
from django.http import HttpRequest

from allocation.audit.admin_base import choice_only
from allocation.audit.forms import AuditedFormSet, ShownForm

# Django's classes take type arguments only while types are checked.
if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline


class AuditedInline(TabularInline):
    """Rows of another table on a row's page; AuditedAdmin writes their entries."""

    form = ShownForm
    formset = AuditedFormSet
    extra = 0
    show_change_link = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The formset class, which asks for a reason if the page's table does."""
        formset: Any = super().get_formset(request, obj, **kwargs)
        page = self.admin_site.get_model_admin(self.parent_model)
        formset.reason_required = getattr(page, "reason_required", False)
        return formset

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Field | None:
        """As on the page itself."""
        return choice_only(super().formfield_for_dbfield(db_field, request, **kwargs))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """What was shown is carried along where there is anything to save."""
        fields = [name for name in super().get_fields(request, obj) if name != "shown"]
        return [*fields, "shown"] if self.has_change_permission(request, obj) else fields


class GlanceInline(AuditedInline):
    """Rows that are only looked at here; they have pages of their own, where a reason is asked."""

    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of them."""
        return self.fields or ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On its own page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On its own page."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On its own page."""
        return False
