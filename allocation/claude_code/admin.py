"""The admin of what runs without an SD are taken for, and of what Claude Code was heard to say."""

from django.contrib import admin

from allocation.audit.admin_base import NamedValuesFilter, RecordAdmin, SingleRowAdmin
from allocation.claude_code.models import (
    HarnessSession,
    HookDefaults,
    PlanReading,
    UnsteeredRun,
)


@admin.register(HookDefaults)
class HookDefaultsAdmin(SingleRowAdmin):
    """What runs are taken for that name no SD."""

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


@admin.register(HarnessSession)
class HarnessSessionAdmin(RecordAdmin):
    """The sessions that were heard."""

    list_display = ("session_id", "machine", "project", "cli_version", "last_heard", "ended_at")
    list_filter = (("machine", NamedValuesFilter), ("cli_version", NamedValuesFilter))
    search_fields = ("session_id", "project")


@admin.register(PlanReading)
class PlanReadingAdmin(RecordAdmin):
    """What the plan's own meter said."""

    list_display = ("at", "window", "used_percent", "resets_at", "source", "session_id")
    list_filter = ("window", "source")
    date_hierarchy = "at"


@admin.register(UnsteeredRun)
class UnsteeredRunAdmin(RecordAdmin):
    """The runs that no hook could steer."""

    list_display = ("at", "agent_type", "why", "session_id")
    list_filter = ("why",)
    date_hierarchy = "at"
