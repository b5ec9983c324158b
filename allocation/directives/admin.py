"""The admin of strategic directives."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from allocation.audit.admin_base import AuditedAdmin
from allocation.audit.forms import OperationForm
from allocation.audit.operations import Written
from allocation.directives.models import StrategicDirective
from allocation.directives.operations import SdFacts, check_deletable, create_sd, delete_sd, edit_sd
from allocation.directives.steps import archive_sd
from allocation.policy.errors import RuleError


class SdForm(OperationForm):
    """What the Chairman says of an SD."""

    instance: StrategicDirective

    def operate(self) -> StrategicDirective:
        """Create or edit it."""
        sd = SdFacts(**{name: self.cleaned_data[name] for name in SdFacts.__slots__})
        reason = self.cleaned_data["reason"]
        if self.instance.pk is None:
            return create_sd(sd=sd, actor=self.actor, now=self.now, reason=reason)
        return edit_sd(row=self.instance, sd=sd, actor=self.actor, now=self.now, reason=reason)


@admin.register(StrategicDirective)
class StrategicDirectiveAdmin(AuditedAdmin):
    """SDs. Where one stands follows from its checkpoints and is not edited here."""

    form = SdForm
    actions = ("archive_selected",)
    list_display = ("code", "title", "status", "phase", "complexity", "priority", "critical",
                    "estimate", "created_at")  # fmt: skip
    list_filter = ("status", "phase", "complexity", "priority", "critical")
    search_fields = ("code", "title")
    search_help_text = "Code or title."
    date_hierarchy = "created_at"
    readonly_fields = ("status", "phase", "created_at", "started_at", "completed_at",
                       "deferral_reason")  # fmt: skip
    fieldsets = (
        (None, {"fields": SdFacts.__slots__}),
        (
            "Where it stands",
            {
                "fields": readonly_fields,
                "description": "Log a checkpoint on the site to move it on.",
            },
        ),
    )

    def subject(self, row: Any) -> str:
        """As the operations call it."""
        return str(row)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new SD stands nowhere yet."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else [part for part in fieldsets if part[0] != "Where it stands"]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An SD with a history is not even asked about: listing it all could take minutes."""
        row = self.get_object(request, object_id)
        try:
            if row is not None:
                check_deletable(row=row)
        except RuleError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:directives_strategicdirective_change", object_id)
        return super().delete_view(request, object_id, extra_context)

    def delete_row(self, request: HttpRequest, row: Any) -> list[Written]:
        """Only while it has no history."""
        delete_sd(
            row=row,
            actor=request.user.get_username(),
            now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )
        return []

    @admin.action(permissions=["change"], description="Archive the selected SDs")
    def archive_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Take them out of the lists, all or none; their history stays."""
        try:
            with transaction.atomic():
                for row in queryset:
                    archive_sd(row=row, actor=request.user.get_username(), now=timezone.now())
        except RuleError as error:
            self.message_user(request, f"Nothing was archived. {error}", messages.ERROR)
        else:
            self.message_user(request, "Archived; their history stays.", messages.SUCCESS)
