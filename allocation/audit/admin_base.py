"""What every admin of the product is made from: records that stay, and tables that are audited."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import actions
from django.contrib.admin.widgets import AdminTextareaWidget, RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.forms import Field, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import capfirst

from allocation.access import may_rule
from allocation.audit.about import ABOUT
from allocation.audit.forms import COUNT, AuditedForm, OperationForm
from allocation.audit.operations import Written, delete_audited, save_audited, subject_of
from allocation.policy.errors import RuleError

# Django's classes take type arguments only while types are checked.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    AnyForm = ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin


class NamedValuesFilter(admin.AllValuesFieldListFilter):
    """By any value of a column, with a word for that of rows without: an empty link has no name."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """What can be chosen."""
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "None"}


class Page(ModelAdmin):
    """What all pages of the admin share."""

    list_per_page = 50
    list_max_show_all = 500

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list under the name of what it lists."""
        about = ABOUT.get(self.opts.label_lower, "")
        said = {"title": capfirst(self.opts.verbose_name_plural), "about": about}
        return super().changelist_view(request, said | (extra_context or {}))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The row's history is in the audit trail, and nowhere a second time."""
        row = self.get_object(request, object_id)
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        subject = self.subject(row) if row is not None else ""
        trail = reverse("admin:audit_auditentry_changelist")
        return redirect(f"{trail}?{urlencode({'subject': subject})}")

    def subject(self, row: models.Model) -> str:
        """What the audit trail calls the row."""
        return subject_of(row)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The Chairman alone, whatever rights an account was given; see allocation.access."""
        return may_rule(request.user) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The Chairman alone."""
        return may_rule(request.user) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The Chairman alone."""
        return may_rule(request.user) and super().has_delete_permission(request, obj)

    # The audit trail has it, with before, after and the reason: a second log would only disagree.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Leave Django's own log alone."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Leave Django's own log alone."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Leave Django's own log alone."""


class RecordAdmin(Page):
    """Rows that say what happened. Nobody adds, changes or deletes one here."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """A page without a history: a record has none."""
        return super().render_change_form(request, context | {"is_record": True}, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody may."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may."""
        return False


class AuditedDeletion(Page):
    """Rows whose deletion takes a reason and leaves an entry for each row that goes."""

    actions = ("delete_selected",)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the row with an entry for each row that goes with it."""
        self.after_change(request, self.delete_row(request, obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete all of the rows or, if one is refused, none."""
        with transaction.atomic():
            written = [one for row in queryset for one in self.delete_row(request, row)]
            self.after_change(request, written)

    def delete_row(self, request: HttpRequest, row: Any) -> list[Written]:
        """Delete one row, with an entry for each row that goes."""
        return delete_audited(
            row=row,
            actor=request.user.get_username(),
            now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )

    def after_change(self, request: HttpRequest, written: list[Written]) -> None:
        """What must follow a change made here. Called once, in the transaction of the change."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes, and what stands in the way: of a row in use that is said, and no more."""
        doomed, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return doomed, counts, set() if protected else lacking, protected

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's page; a refusal is said there in a sentence."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except RuleError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    @admin.action(permissions=["delete"], description="Delete the selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Django's bulk deletion; a refusal is said in a sentence, and nothing is deleted."""
        try:
            return actions.delete_selected(self, request, queryset)
        except RuleError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None


class AuditedAdmin(AuditedDeletion):
    """The one base for tables that people edit: each row changed leaves one audit entry.

    Only the admin has base classes of our own: Django's has a dozen ways to write a row
    (form, inline, deletion with all that hangs on it, bulk action), and a table whose admin forgot
    one of them would change without a trace. Here each of them calls an operation.
    """

    form = AuditedForm
    formfield_overrides = {
        models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 3})},
        models.PositiveIntegerField: COUNT,
    }
    reason_required = False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Django's page. Of two forms with one row, sent at once, the later one is told."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            # The other's row came between check and write, and nothing is stored. Now it is there,
            # so that the form can say what is wrong and keep the input.
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type["AnyForm"]:
        """The form class of this request, which knows who acts and when."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.actor = request.user.get_username()
        form.now = timezone.now()
        form.reason_required = self.reason_required
        return form  # type: ignore[no-any-return]  # the stubs say Any

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The table's own fieldsets and then the reason, where there is anything to save."""
        ours = ("reason", "shown")
        if obj is None:
            may_save = self.has_add_permission(request)
        else:
            may_save = self.has_change_permission(request, obj)
        own = without(ours, super().get_fieldsets(request, obj))
        return [*own, (None, {"fields": ours})] if may_save else own

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Field | None:
        """Choose among related rows; they are added and changed on their own pages."""
        return choice_only(super().formfield_for_dbfield(db_field, request, **kwargs))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store the row with its entry."""
        if isinstance(form, OperationForm):
            obj.pk = form.operate().pk
            return
        entry = save_audited(
            row=obj, actor=form.actor, now=form.now, reason=form.cleaned_data.get("reason", "")
        )
        form.written += [(obj, entry)] if entry else []

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Store the rows of an inline, each with its entry."""
        rows = formset.save(commit=False)
        why = {"actor": form.actor, "now": form.now, "reason": formset.reason}
        # Deletions first: a new row may take the place of one that goes.
        for row in formset.deleted_objects:
            form.written += delete_audited(row=row, **why)
        for row in rows:
            entry = save_audited(row=row, **why)
            form.written += [(row, entry)] if entry else []
        formset.save_m2m()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store the inlines, then what follows from all of it."""
        super().save_related(request, form, formsets, change)
        if form.written:
            self.after_change(request, form.written)


class FixedRowsAdmin(AuditedAdmin):
    """Rows that ship, and that the product needs all of: they are edited, and no more."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may."""
        return False


class SingleRowAdmin(FixedRowsAdmin):
    """A table of one row, which has the key 1: instead of a list its page opens."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Straight to the row."""
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", 1)


def without(ours: Iterable[str], fieldsets: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Fieldsets without these fields, which stand in an order of their own or nowhere."""
    return [
        (title, {**options, "fields": [name for name in options["fields"] if name not in ours]})
        for title, options in fieldsets
    ]


def choice_only(field: Field | None) -> Field | None:
    """The field without Django's buttons that open other tables in a window."""
    if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
        field.widget = field.widget.widget
    return field
