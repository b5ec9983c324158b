"""What there is to choose from: tiers, models with prices, sub-agents, what is known of them."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from allocation.policy import tiers
from allocation.policy.complexity import Level
from allocation.policy.phases import Phase

PHASES = [(phase.value, phase.value) for phase in Phase]
PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


class Tier(models.Model):
    """A class of models, ordered by rank. The rules know the four that ship by name."""

    name = models.SlugField(max_length=20, unique=True)
    rank = models.PositiveSmallIntegerField(
        unique=True, help_text="Higher is dearer. haiku 10, sonnet 20, opus 30, fable 40."
    )
    weighed_as = models.ForeignKey(
        "ClaudeModel",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The model whose price weighs tokens that were logged by hand for this tier.",
    )

    class Meta:
        db_table = "tiers"
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.name

    def to_policy(self) -> tiers.Tier:
        """The tier as the rules know it."""
        return tiers.Tier(self.rank, self.name)


class ClaudeModel(models.Model):
    """A concrete model id as it stands in transcripts and telemetry."""

    model_id = models.CharField(
        "model id",
        max_length=100,
        unique=True,
        help_text="Exactly as it is observed, for example claude-haiku-4-5-20251001.",
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="models")

    class Meta:
        db_table = "models"
        ordering = ["tier__rank", "model_id"]
        verbose_name = "model"

    def __str__(self) -> str:
        return self.model_id


def _price_field(label: str) -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(
        label,
        max_digits=12,
        decimal_places=6,
        validators=[MinValueValidator(Decimal(0))],
        help_text="US dollars per million tokens.",
    )


class Price(models.Model):
    """What a model costs from a day on, for prompts above a size.

    The rows of the latest `valid_from` not after a request's day (UTC) are its price list: an
    ordinary price and, for some models, one for prompts that exceed `prompt_over`.
    """

    model = models.ForeignKey(ClaudeModel, on_delete=models.CASCADE, related_name="prices")
    valid_from = models.DateField(help_text="The first day (UTC) on which this price holds.")
    prompt_over = models.PositiveIntegerField(
        "prompts over",
        default=0,
        help_text="0 for the ordinary price; else the prompt size in tokens above which this "
        "price holds for the whole request.",
    )
    input = _price_field("input")
    output = _price_field("output")
    cache_write_5m = _price_field("cache write, 5 min")
    cache_write_1h = _price_field("cache write, 1 h")
    cache_read = _price_field("cache read")

    class Meta:
        db_table = "model_prices"
        ordering = ["model", "-valid_from", "prompt_over"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "valid_from", "prompt_over"],
                name="one_price_per_model_day_and_prompt_size",
                violation_error_message="There is a price for this model, day and prompt size "
                "already: change that one, or choose another day.",
            )
        ]

    def __str__(self) -> str:
        over = f", prompts over {self.prompt_over:,}" if self.prompt_over else ""
        return f"{self.model} from {self.valid_from}{over}"


class TaskType(models.Model):
    """A kind of work with a rework rate of its own."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60, unique=True)
    tokens = models.PositiveIntegerField(
        "tokens of a task",
        default=10_000,
        validators=[MinValueValidator(1)],
        help_text="Of a typical one, rework not counted: what the tiers are compared at.",
    )

    class Meta:
        db_table = "task_types"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


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


class ReworkPrior(models.Model):
    """The report's guess of how often a kind of work has to be done again on a tier."""

    task_type = models.ForeignKey(TaskType, on_delete=models.CASCADE, related_name="rework_priors")
    tier = models.ForeignKey(Tier, on_delete=models.CASCADE, related_name="+")
    rate_percent = models.DecimalField(
        "rework rate, %", max_digits=5, decimal_places=2, validators=PERCENT
    )

    class Meta:
        db_table = "rework_priors"
        ordering = ["task_type", "tier__rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["task_type", "tier"], name="one_rework_prior_per_task_type_and_tier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.task_type} on {self.tier}"


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


class ComplexityLevel(models.Model):
    """One row of the complexity rubric."""

    level = models.PositiveSmallIntegerField(
        unique=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    name = models.CharField(max_length=20)
    description = models.CharField(max_length=200)
    max_lines = models.PositiveIntegerField(
        "lines of code, up to", null=True, blank=True, help_text="Empty for no upper bound."
    )
    max_dependencies = models.PositiveIntegerField(
        "dependencies, up to", null=True, blank=True, help_text="Empty for no upper bound."
    )
    examples = models.CharField(max_length=200, blank=True)
    preferred = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="preferred tier",
        help_text="What work of this complexity gets while the zone is Green.",
    )

    class Meta:
        db_table = "complexity_levels"
        ordering = ["level"]

    def __str__(self) -> str:
        return f"{self.level} – {self.name}"

    def to_policy(self) -> Level:
        """The row as the rubric takes it."""
        return Level(self.level, self.max_lines, self.max_dependencies, self.preferred.to_policy())
