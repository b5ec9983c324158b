"""The admin of the catalogue.

Sub-agents, models and prices are registered in `usage.admin`, because usage that is counted
already follows their changes, and this app may not import that one.
"""

from collections.abc import Callable
from datetime import UTC
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from allocation.audit.admin_base import AuditedAdmin, FixedRowsAdmin
from allocation.audit.admin_inlines import AuditedInline, GlanceInline
from allocation.audit.forms import short
from allocation.audit.operations import Written
from allocation.audit.phase_column import PhaseColumn
from allocation.catalog.consistency import check_prices_of
from allocation.catalog.forms import (
    AliasForm,
    AliasFormSet,
    LevelForm,
    PriceForm,
    SubAgentForm,
    TierForm,
)
from allocation.catalog.models import (
    ComplexityLevel,
    PassRate,
    PhaseTier,
    Price,
    ReworkPrior,
    SubAgentAlias,
    TaskType,
    Tier,
)
from allocation.display.format import tokens
from allocation.policy.tiers import SHIPPED_TIERS

SHIPPED = {tier.name for tier in SHIPPED_TIERS}


class AliasInline(AuditedInline):
    model = SubAgentAlias
    form = AliasForm
    formset = AliasFormSet
    extra = 1
    show_change_link = False


class PhaseTierInline(AuditedInline):
    model = PhaseTier
    show_change_link = False


class SubAgentAdmin(AuditedAdmin):
    """Registered in usage.admin."""

    form = SubAgentForm
    list_display = ("code", "default_tier", "phases_in_order", "tokens_per_run", "task_type",
                    "active", "purpose")  # fmt: skip
    list_filter = ("active", "default_tier", "runs_in_lead", "runs_in_plan", "runs_in_exec")
    list_select_related = ("default_tier", "task_type")
    search_fields = ("code", "purpose", "aliases__name")
    search_help_text = "Code, purpose or alias."
    inlines: ClassVar[tuple[type[Any], ...]] = (AliasInline, PhaseTierInline)
    fieldsets = (
        (None, {"fields": ("code", "purpose", "active")}),
        ("Runs", {"fields": ("default_tier", ("runs_in_lead", "runs_in_plan", "runs_in_exec"))}),
        ("Estimates", {"fields": (("tokens_min", "tokens_max"), "task_type")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Usage and decisions name a sub-agent by its code, so the code stays."""
        return ("code",) if obj else ()

    @admin.display(description="phases")
    def phases_in_order(self, row: Any) -> str:
        """LEAD, PLAN, EXEC."""
        return ", ".join(row.phases) or "none"

    @admin.display(description="tokens per run", ordering="tokens_max")
    def tokens_per_run(self, row: Any) -> str:
        """The range, as the report writes it."""
        return f"{tokens(row.tokens_min)} – {tokens(row.tokens_max)}"


def _dollars(name: str, label: str) -> Callable[[Any, Price], str]:
    """A column of the price list, without the zeros that the database keeps."""

    @admin.display(description=f"{label}, $", ordering=name)
    def column(page: Any, row: Price) -> str:
        return f"{short(getattr(row, name)):f}"

    return column


class PriceAdmin(AuditedAdmin):
    """Registered in usage.admin."""

    form = PriceForm
    reason_required = True
    list_display = ("model", "valid_from", "prompts", "of_input", "of_output", "of_cache_write_5m",
                    "of_cache_write_1h", "of_cache_read")  # fmt: skip
    list_filter = ("model__tier",)
    list_select_related = ("model__tier",)
    search_fields = ("model__model_id",)
    search_help_text = "Model id."
    date_hierarchy = "valid_from"
    ordering = ("model__tier__rank", "model__model_id", "-valid_from", "prompt_over")
    fieldsets = (
        (
            None,
            {
                "fields": ("model", "valid_from", "prompt_over"),
                "description": "When a price changes, add one from that day on and leave the old "
                "one: what was burned before then keeps its price. Correct a price only if it was "
                "wrong from the start.",
            },
        ),
        (
            "US dollars per million tokens",
            {"fields": ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The price of another model is another price."""
        return ("model",) if obj else ()

    @admin.display(description="for prompts", ordering="prompt_over")
    def prompts(self, row: Price) -> str:
        """Of which size, in tokens."""
        return f"over {tokens(row.prompt_over)}" if row.prompt_over else "ordinary"

    of_input = _dollars("input", "input")
    of_output = _dollars("output", "output")
    of_cache_write_5m = _dollars("cache_write_5m", "5 min")
    of_cache_write_1h = _dollars("cache_write_1h", "1 h")
    of_cache_read = _dollars("cache_read", "read")

    def after_change(self, request: HttpRequest, written: list[Written]) -> None:
        """Refuse a deletion that leaves only the price for long prompts."""
        for model_pk in {row.model_id for row, _ in written if isinstance(row, Price)}:
            check_prices_of(model_pk=model_pk)


class PriceInline(GlanceInline):
    """A model's prices."""

    model = Price
    fields = ("valid_from", "prompt_over", "input", "output", "cache_write_5m", "cache_write_1h",
              "cache_read")  # fmt: skip


class PricedFilter(admin.SimpleListFilter):
    """Models whose usage costs nobody knows what are the ones to look for."""

    title = "price today"
    parameter_name = "priced"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [("yes", "has one"), ("no", "has none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those with, those without, or all."""
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(priced=self.value() == "yes")


class ClaudeModelAdmin(AuditedAdmin):
    """Registered in usage.admin."""

    list_display = ("model_id", "tier", "has_price_today")
    list_filter = ("tier", PricedFilter)
    list_select_related = ("tier",)
    search_fields = ("model_id",)
    search_help_text = "Model id."
    fields = ("model_id", "tier")
    inlines = (PriceInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With whether an ordinary price holds today (UTC)."""
        today = timezone.now().astimezone(UTC).date()
        prices = Price.objects.filter(model=OuterRef("pk"), valid_from__lte=today, prompt_over=0)
        models: QuerySet[Any] = super().get_queryset(request)
        priced: QuerySet[Any] = models.annotate(priced=Exists(prices))
        return priced

    @admin.display(description="has a price today", boolean=True, ordering="priced")
    def has_price_today(self, row: Any) -> bool:
        """False means that its cost is unknown."""
        return bool(row.priced)


@admin.register(Tier)
class TierAdmin(AuditedAdmin):
    """Tiers by rank. The four that ship are what the rules speak of."""

    form = TierForm
    list_display = ("name", "rank", "weighed_as")
    list_select_related = ("weighed_as",)
    search_fields = ("name",)
    fields = ("name", "rank", "weighed_as")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Floors and decisions stand on the order of the tiers, so name and rank stay."""
        return ("name", "rank") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The rules cannot do without the tiers that ship."""
        shipped = obj is not None and obj.name in SHIPPED
        return not shipped and super().has_delete_permission(request, obj)


class ReworkPriorInline(AuditedInline):
    model = ReworkPrior
    show_change_link = False


@admin.register(TaskType)
class TaskTypeAdmin(AuditedAdmin):
    """Kinds of work, with the report's guess of how often each is done again."""

    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (ReworkPriorInline,)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """A slug that is in use does not follow the name."""
        return {} if obj else super().get_prepopulated_fields(request, obj)


@admin.register(ReworkPrior)
class ReworkPriorAdmin(AuditedAdmin):
    """The rework matrix, row by row. Measured rates take over as runs are counted."""

    list_display = ("task_type", "tier", "rate_percent")
    list_filter = ("task_type", "tier")
    list_select_related = ("task_type", "tier")
    ordering = ("task_type__name", "tier__rank")


@admin.register(PassRate)
class PassRateAdmin(PhaseColumn, AuditedAdmin):
    """How often runs passed, by the report."""

    list_display = ("sub_agent", "in_phase", "tier", "rate_percent")
    list_filter = ("sub_agent", "phase", "tier")
    list_select_related = ("sub_agent", "tier")
    ordering = ("sub_agent__code", "phase")


@admin.register(ComplexityLevel)
class ComplexityLevelAdmin(FixedRowsAdmin):
    """The complexity rubric: five levels, neither more nor fewer."""

    form = LevelForm
    list_display = ("level", "name", "lines", "dependencies", "preferred", "description")
    list_display_links = ("level", "name")
    list_select_related = ("preferred",)
    readonly_fields = ("level",)
    fieldsets = (
        (None, {"fields": ("level", "name", "description", "examples")}),
        (
            "When it applies",
            {
                "fields": (("max_lines", "max_dependencies"),),
                "description": "The higher of the two levels counts.",
            },
        ),
        (None, {"fields": ("preferred",)}),
    )

    @admin.display(description="lines of code", ordering="max_lines")
    def lines(self, row: ComplexityLevel) -> str:
        """Up to."""
        return "more" if row.max_lines is None else f"up to {tokens(row.max_lines)}"

    @admin.display(description="dependencies", ordering="max_dependencies")
    def dependencies(self, row: ComplexityLevel) -> str:
        """Up to."""
        return "more" if row.max_dependencies is None else f"up to {row.max_dependencies}"
