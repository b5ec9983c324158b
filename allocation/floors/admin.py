"""The admin of floors and overrides.

Overrides are registered in `decisions.admin`: an expiry left empty is the end of the running
budget week, and this app may not import the budgets beside it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from allocation.access import may_rule
from allocation.audit.admin_base import AuditedAdmin
from allocation.audit.forms import OperationForm
from allocation.audit.phase_column import PhaseColumn
from allocation.floors.models import ModelCeiling, ModelFloor, Override, OverrideQuerySet
from allocation.floors.operations import create_override, revoke_override
from allocation.policy.errors import RuleError


@admin.register(ModelFloor)
class ModelFloorAdmin(PhaseColumn, AuditedAdmin):
    """The least tier for a sub-agent in a phase."""

    reason_required = True
    list_display = ("of", "in_phase", "tier", "gives_way", "relaxed_tier", "rationale")
    list_display_links = ("of", "in_phase")
    list_filter = ("tier", "gives_way", "phase")
    list_select_related = ("sub_agent", "tier", "relaxed_tier")
    search_fields = ("sub_agent__code", "rationale")
    search_help_text = "Sub-agent or rationale."
    ordering = ("sub_agent__code", "phase")
    fieldsets = (
        (
            None,
            {
                "fields": ("sub_agent", "phase"),
                "description": "The most particular floor holds: sub-agent and phase, then "
                "sub-agent, then phase, then the one for all others in all phases.",
            },
        ),
        ("The floor", {"fields": ("tier", "gives_way", "relaxed_tier")}),
        (None, {"fields": ("rationale",)}),
    )

    @admin.display(description="sub-agent", ordering="sub_agent__code")
    def of(self, row: ModelFloor) -> str:
        """Whose floor."""
        return row.sub_agent.code if row.sub_agent else "all others"


@admin.register(ModelCeiling)
class ModelCeilingAdmin(PhaseColumn, AuditedAdmin):
    """The most that complexity may ask for, for a sub-agent in a phase."""

    reason_required = True
    list_display = ("sub_agent", "in_phase", "tier", "rationale")
    list_display_links = ("sub_agent", "in_phase")
    list_filter = ("tier", "phase")
    list_select_related = ("sub_agent", "tier")
    search_fields = ("sub_agent__code", "rationale")
    search_help_text = "Sub-agent or rationale."
    ordering = ("sub_agent__code", "phase")
    fieldsets = (
        (
            None,
            {
                "fields": ("sub_agent", "phase", "tier", "rationale"),
                "description": "Its ordinary work gets this tier at most. A floor goes before a "
                "ceiling; critical tasks and overrides pass it by.",
            },
        ),
    )


class StateFilter(admin.SimpleListFilter):
    """Overrides by whether they act now."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [
            ("in-force", "in force"),
            ("used-up", "used up"),
            ("expired", "expired"),
            ("revoked", "revoked"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Override]:
        """Those in one state, as the column has it, or all."""
        now = timezone.now()
        found: OverrideQuerySet = queryset
        if self.value() == "in-force":
            return found.in_force(now)
        states = {
            "used-up": Q(uses_left=0, revoked_at=None),
            "expired": Q(expires_at__lte=now, revoked_at=None) & ~Q(uses_left=0),
            "revoked": Q(revoked_at__isnull=False),
        }
        return found.filter(states.get(self.value() or "", Q()))


def _named(widget: AdminSplitDateTime, name: str) -> AdminSplitDateTime:
    # Django prints a word before each of the two inputs, which names neither of them.
    for part, what in zip(widget.widgets, ("date", "time"), strict=True):
        part.attrs["aria-label"] = f"{name}: {what}"
    return widget


class OverrideForm(OperationForm):
    """A new override. What may be forced is the operation's to say."""

    expires_at = forms.SplitDateTimeField(
        required=False,
        label="Expires",
        widget=_named(AdminSplitDateTime(), "Expires"),
        help_text="When it stops acting, in the time zone of the budget rule. Left empty, the end "
        "of this budget week.",
    )

    def end_of_week(self) -> datetime:
        """When the running budget week ends."""
        raise NotImplementedError

    def operate(self) -> Override:
        """Create it."""
        given = self.cleaned_data
        return create_override(
            sub_agent=given["sub_agent"],
            phase=given["phase"],
            tier=given["tier"],
            reason=given["reason"],
            actor=self.actor,
            now=self.now,
            expires_at=given["expires_at"] or self.end_of_week(),
        )


class OverrideAdmin(PhaseColumn, AuditedAdmin):
    """Overrides are created and revoked; what one said stays as it was. Nobody deletes one."""

    form = OverrideForm
    reason_required = True
    actions = ("revoke_selected",)
    list_display = ("sub_agent", "in_phase", "sd_code", "tier", "state", "reason", "actor",
                    "created_at", "expires_at")  # fmt: skip
    list_filter = (StateFilter, "tier", "sub_agent")
    list_select_related = ("sub_agent", "tier")
    search_fields = ("sub_agent__code", "reason", "actor")
    search_help_text = "Sub-agent, reason or who gave it."
    date_hierarchy = "created_at"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked for at first; all that is known afterwards."""
        asked = ("sub_agent", "phase", "tier", "expires_at", "reason")
        if obj is None:
            return [
                (
                    None,
                    {
                        "fields": asked,
                        "description": "An override may raise any sub-agent to any tier. It may "
                        "lower one only below a floor that gives way.",
                    },
                )
            ]
        known = ("sd_code", "uses_left", "actor", "created_at", "expires_at", "revoked_at",
                 "revoked_by")  # fmt: skip
        return [(None, {"fields": ("state", "sub_agent", "in_phase", "tier", "reason", *known)})]

    @admin.display(description="state")
    def state(self, row: Override) -> str:
        """In words."""
        if row.revoked_at:
            return "revoked"
        if row.uses_left == 0:
            return "used up"
        return "in force" if row.expires_at > timezone.now() else "expired"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody rewrites one; revoke it and create another."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays in the history of decisions."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """The Chairman alone."""
        return may_rule(request.user)

    def get_urls(self) -> list[URLPattern]:
        """With the page that asks before it revokes."""
        revoke = self.admin_site.admin_view(self.revoke_view)
        return [
            path("<int:pk>/revoke/", revoke, name="floors_override_revoke"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The button is there while there is something to revoke."""
        row = self.get_object(request, object_id)
        in_force = row is not None and self.state(row) == "in force"
        may_revoke = in_force and self.has_revoke_permission(request)
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "may_revoke": may_revoke}
        )

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then revoke one."""
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        override = get_object_or_404(Override, pk=pk)
        if request.method == "POST":
            self._revoke(request, [override])
            return redirect("admin:floors_override_change", pk)
        return self._ask(request, [override])

    @admin.action(permissions=["revoke"], description="Revoke the selected overrides")
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask, then revoke all of them or, if one is refused, none."""
        if request.POST.get("post"):
            self._revoke(request, list(queryset))
            return None
        return self._ask(request, list(queryset))

    def _ask(self, request: HttpRequest, overrides: Sequence[Override]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Revoke overrides" if len(overrides) > 1 else "Revoke override",
            "opts": self.opts,
            "overrides": overrides,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:floors_override_changelist"),
        }
        return TemplateResponse(request, "admin/floors/override/revoke.html", context)

    def _revoke(self, request: HttpRequest, overrides: Sequence[Override]) -> None:
        try:
            with transaction.atomic():
                for override in overrides:
                    revoke_override(
                        override=override,
                        actor=request.user.get_username(),
                        now=timezone.now(),
                        reason=request.POST.get("reason", ""),
                    )
        except RuleError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            names = ", ".join(map(str, overrides))
            self.message_user(request, f"Revoked: {names}.", messages.SUCCESS)
