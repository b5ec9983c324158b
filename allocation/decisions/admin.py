"""The admin of decisions, and of the overrides that stand above them."""

import json
from datetime import datetime

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from allocation.audit.admin_base import RecordAdmin
from allocation.decisions.models import Decision
from allocation.floors import admin as floors
from allocation.floors.models import Override
from allocation.usage.standing import running_week


@admin.register(Decision)
class DecisionAdmin(RecordAdmin):
    """Every recommendation, with its inputs as they were."""

    list_display = ("at", "agent", "phase", "sd", "complexity", "zone", "outcome", "recommended",
                    "observed", "reason")  # fmt: skip
    # A date hierarchy would read every decision there is.
    list_filter = ("outcome", "mismatch", "zone", "phase", "recommended",
                   ("at", admin.DateFieldListFilter))  # fmt: skip
    list_select_related = ("sd", "recommended")
    search_fields = ("=sub_agent", "=sd__code", "=actor")
    search_help_text = "Sub-agent, SD or who asked, in full."
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("at", "actor", "outcome", "recommended", "reason")}),
        (
            "The run",
            {"fields": ("sub_agent", "phase", "sd", "complexity", "critical", "read_only")},
        ),
        (
            "What became of it",
            {"fields": ("requested", "observed", "mismatch", "override_reason", "result")},
        ),
        (
            "Why",
            {
                "fields": ("rule_path", "preferred", "floor", "zone", "share_percent", "override",
                           "frozen_inputs"),
            },
        ),
    )  # fmt: skip

    @admin.display(description="sub-agent", ordering="sub_agent")
    def agent(self, row: Decision) -> str:
        """In the glossary's spelling."""
        return row.sub_agent

    @admin.display(description="rule path")
    def rule_path(self, row: Decision) -> SafeString:
        """Step by step."""
        steps = ((step.get("sentence", ""),) for step in row.path)
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{}</li>", steps))

    @admin.display(description="inputs")
    def frozen_inputs(self, row: Decision) -> SafeString:
        """As they were at that moment."""
        text = json.dumps(row.inputs, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)


class OverrideForm(floors.OverrideForm):
    """Knows the running budget week."""

    def end_of_week(self) -> datetime:
        """When it ends, by the rule if the week is not stored yet."""
        return running_week(self.now).window.end


@admin.register(Override)
class OverrideAdmin(floors.OverrideAdmin):
    """Overrides."""

    form = OverrideForm
