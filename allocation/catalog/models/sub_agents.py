"""Sub-agents, the names that they go by, and what was known of them before budgetctl."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from allocation.catalog.models.tiers import Tier
from allocation.catalog.models.work import PERCENT, TaskType
from allocation.policy.phases import Phase

PHASES = [(phase.value, phase.value) for phase in Phase]


class SubAgent(models.Model):
    """A named specialist of the fleet."""

    code = models.CharField(
        max_length=50,
        unique=True,
        validators=[
            RegexValidator(
                r"^[A-Z][A-Z0-9-]*$",
                "Use capital letters, digits and hyphens, beginning with a letter.",
            )
        ],
        help_text="Capital letters, digits and hyphens, for example SECURITY.",
    )
    purpose = models.CharField(max_length=200, blank=True)
    default_tier = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What it runs on while budgetctl is off.",
    )
    runs_in_lead = models.BooleanField("LEAD", default=False)
    runs_in_plan = models.BooleanField("PLAN", default=False)
    runs_in_exec = models.BooleanField("EXEC", default=True)
    tokens_min = models.PositiveIntegerField("tokens per run, from", default=5_000)
    tokens_max = models.PositiveIntegerField("tokens per run, to", default=10_000)
    task_type = models.ForeignKey(
        TaskType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sub_agents",
        help_text="Whose rework rates apply to its runs.",
    )
    active = models.BooleanField(
        default=True, help_text="Only active sub-agents are listed before an SD starts."
    )

    class Meta:
        db_table = "sub_agents"
        ordering = ["code"]
        verbose_name = "sub-agent"
        constraints = [
            models.CheckConstraint(
                condition=Q(tokens_min__lte=F("tokens_max")),
                name="sub_agent_token_range_rises",
                violation_error_message="Tokens per run must go from the lower to the higher.",
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def phases(self) -> list[Phase]:
        """The phases in which it usually runs, in their order."""
        runs = (self.runs_in_lead, self.runs_in_plan, self.runs_in_exec)
        return [phase for phase, is_in in zip(Phase, runs, strict=True) if is_in]


class SubAgentAlias(models.Model):
    """Another name under which a harness runs a registered sub-agent.

    Case, hyphens, underscores and spaces make no difference and need no alias.
    """

    sub_agent = models.ForeignKey(
        SubAgent, on_delete=models.CASCADE, related_name="aliases", verbose_name="sub-agent"
    )
    name = models.CharField(
        max_length=100,
        help_text="For example security-reviewer. Case, hyphens and underscores do not matter.",
    )
    normal_name = models.CharField(max_length=100, unique=True, editable=False)

    class Meta:
        db_table = "sub_agent_aliases"
        ordering = ["name"]
        verbose_name = "alias"
        verbose_name_plural = "aliases"

    def __str__(self) -> str:
        return self.name


class PhaseTier(models.Model):
    """The tier that the fleet gave a sub-agent in a phase before budgetctl decided."""

    sub_agent = models.ForeignKey(
        SubAgent, on_delete=models.CASCADE, related_name="phase_tiers", verbose_name="sub-agent"
    )
    phase = models.CharField(max_length=4, choices=PHASES)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "sub_agent_phase_tiers"
        ordering = ["sub_agent", "phase"]
        verbose_name = "phase override"
        constraints = [
            models.UniqueConstraint(
                fields=["sub_agent", "phase"], name="one_phase_tier_per_sub_agent_and_phase"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sub_agent} in {self.phase}"


class PassRate(models.Model):
    """How often a sub-agent's runs passed, as the report found it (its appendix A)."""

    sub_agent = models.ForeignKey(
        SubAgent, on_delete=models.CASCADE, related_name="pass_rates", verbose_name="sub-agent"
    )
    phase = models.CharField(
        max_length=4, choices=PHASES, blank=True, help_text="Empty for all phases together."
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    rate_percent = models.DecimalField(
        "pass rate, %",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=PERCENT,
        help_text="Empty where it varies too much to say.",
    )

    class Meta:
        db_table = "pass_rates"
        ordering = ["sub_agent", "phase"]
        constraints = [
            models.UniqueConstraint(
                fields=["sub_agent", "phase", "tier"],
                name="one_pass_rate_per_sub_agent_phase_and_tier",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sub_agent} {self.phase or 'overall'} on {self.tier}"
