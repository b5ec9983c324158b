"""The admin of what was burned; and of the sub-agents, models and prices that it follows.

Their pages are made in `catalog.admin`. They are registered here, where a change of a name or of
a price can be carried on to the records that were counted before it.
"""

from collections.abc import Iterator

from django.contrib import admin, messages
from django.http import HttpRequest

from allocation.audit.admin_base import RecordAdmin
from allocation.audit.admin_inlines import GlanceInline
from allocation.audit.models import AuditEntry
from allocation.audit.operations import Written
from allocation.audit.phase_column import PhaseColumn
from allocation.catalog import admin as catalog
from allocation.catalog.models import ClaudeModel, Price, SubAgent
from allocation.display.format import tokens
from allocation.floors.models import ModelFloor
from allocation.policy.meter import KINDS
from allocation.usage.models import (
    AgentCall,
    AgentRun,
    TranscriptFile,
    UnnamedRequest,
    UsageHour,
    UsageRecord,
)
from allocation.usage.operations import reattribute, reprice_prompts


class FloorInline(PhaseColumn, GlanceInline):
    """A sub-agent's floors."""

    model = ModelFloor
    fields = ("in_phase", "tier", "gives_way", "relaxed_tier", "rationale")


@admin.register(SubAgent)
class SubAgentAdmin(catalog.SubAgentAdmin):
    """Usage that stands under another name follows a new sub-agent or alias."""

    inlines = (*catalog.SubAgentAdmin.inlines, FloorInline)

    def after_change(self, request: HttpRequest, written: list[Written]) -> None:
        """Carry new and lost names on to the records."""
        super().after_change(request, written)
        if any(_columns(entry) & {"code", "normal_name"} for _, entry in written):
            moved = reattribute()
            if moved:
                said = f"{tokens(moved)} usage records belong to another sub-agent now."
                self.message_user(request, said, messages.INFO)


class _Repricing:
    """Records are flagged as long prompts by the prices that held when they came in."""

    def after_change(self, request: HttpRequest, written: list[Written]) -> None:
        """Carry another prompt size, or another day from which it holds, on to the records."""
        super().after_change(request, written)  # type: ignore[misc]  # of the admin beside it
        flagged = sum(reprice_prompts(model_id=model_id) for model_id in {*_resized(written)})
        if flagged:
            said = f"{tokens(flagged)} usage records changed between ordinary and long prompts."
            self.message_user(request, said, messages.INFO)  # type: ignore[attr-defined]  # of ModelAdmin


@admin.register(Price)
class PriceAdmin(_Repricing, catalog.PriceAdmin):
    """Prices."""


@admin.register(ClaudeModel)
class ClaudeModelAdmin(_Repricing, catalog.ClaudeModelAdmin):
    """Models."""


def _resized(written: list[Written]) -> Iterator[str]:
    """The models of which a prompt may be long now that was not, or the other way round.

    A model without any price for long prompts is left alone: there can be millions of records.
    """
    for row, entry in written:
        before = entry.before or {}
        if isinstance(row, ClaudeModel) and "model_id" in _columns(entry):
            yield from {row.model_id, before.get("model_id", row.model_id)}
        if isinstance(row, Price) and _columns(entry) & {"prompt_over", "valid_from"}:
            model_id = before.get("model") or row.model.model_id
            sized = Price.objects.filter(model__model_id=model_id, prompt_over__gt=0)
            if row.prompt_over or before.get("prompt_over") or sized.exists():
                yield model_id


def _columns(entry: AuditEntry) -> set[str]:
    return {*(entry.before or {}), *(entry.after or {})}


@admin.register(UsageRecord)
class UsageRecordAdmin(RecordAdmin):
    """One row per API request. There can be millions, so nothing here asks for a full count."""

    list_display = ("at", "source", "model_or_tier", "agent", "sd", "phase", "input", "output",
                    "cache_writes", "cache_read", "unsplit")  # fmt: skip
    # Filters that list the values of a column, and a date hierarchy, would read the whole table.
    list_filter = ("source", "long_prompt", "phase", ("hour", admin.DateFieldListFilter))
    list_select_related = ("sd",)
    search_fields = ("=message_id", "=request_id", "=session_id", "=model", "=sub_agent")
    search_help_text = "Message, request or session id, model or sub-agent, in full."
    ordering = ("-hour", "-id")  # the index is on the hour
    show_full_result_count = False

    @admin.display(description="model", ordering="model")
    def model_or_tier(self, row: UsageRecord) -> str:
        """Hand-logged amounts name a tier only."""
        return row.model or row.tier or "unknown"

    @admin.display(description="sub-agent", ordering="sub_agent")
    def agent(self, row: UsageRecord) -> str:
        """Or the main thread."""
        return row.sub_agent or "main"

    @admin.display(description="cache writes")
    def cache_writes(self, row: UsageRecord) -> int:
        """Of both lengths."""
        return row.cache_write_5m + row.cache_write_1h


@admin.register(UsageHour)
class UsageHourAdmin(RecordAdmin):
    """The roll-ups that the pages are made from."""

    list_display = ("hour", "model", "tier", "sub_agent", "sd", "phase", "source", "records",
                    *KINDS)  # fmt: skip
    list_filter = ("source", "long_prompt", "phase", ("hour", admin.DateFieldListFilter))
    list_select_related = ("sd",)
    search_fields = ("=model", "=sub_agent", "=sd__code")
    search_help_text = "Model, sub-agent or SD, in full."
    ordering = ("-hour", "-id")
    show_full_result_count = False


@admin.register(TranscriptFile)
class TranscriptFileAdmin(RecordAdmin):
    """How far each transcript has been read."""

    list_display = ("path", "size", "offset", "read_at")
    search_fields = ("path",)


@admin.register(AgentRun)
class AgentRunAdmin(RecordAdmin):
    """Which sub-agent stands behind an agent id."""

    list_display = ("session_id", "agent_id", "agent_type", "evidence")
    list_filter = ("evidence",)
    search_fields = ("=session_id", "=agent_id", "=agent_type")
    search_help_text = "Session id, agent id or agent type, in full."
    show_full_result_count = False


@admin.register(AgentCall)
class AgentCallAdmin(RecordAdmin):
    """Calls of sub-agents, of which the type and the id can come in different files."""

    list_display = ("tool_use_id", "session_id", "agent_type", "agent_id")
    search_fields = ("=tool_use_id", "=session_id", "=agent_id")
    search_help_text = "Tool use, session or agent id, in full."
    show_full_result_count = False


@admin.register(UnnamedRequest)
class UnnamedRequestAdmin(RecordAdmin):
    """Requests that telemetry told of without their id."""

    list_display = ("key", "session_id", "message_id")
    search_fields = ("=key", "=session_id", "=message_id")
    search_help_text = "Key, session or message id, in full."
    show_full_result_count = False
