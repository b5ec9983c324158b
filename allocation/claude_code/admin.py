"""The admin of what runs without an SD are taken for."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from allocation.audit.admin_base import AuditedAdmin
from allocation.claude_code.models import HookDefaults


@admin.register(HookDefaults)
class HookDefaultsAdmin(AuditedAdmin):
    """There is one row, so there is no list of them."""

    fieldsets = (
        (
            None,
            {
                "fields": ("phase", "complexity"),
                "description": "What Claude Code’s sub-agents are decided by when they name no SD "
                "and not exactly one is in progress.",
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is always needed."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Straight to the row."""
        return redirect("admin:claude_code_hookdefaults_change", 1)
