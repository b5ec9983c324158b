"""Decisions: what was recommended for a run, what was asked for, what ran, and why."""

from django.db import models

from allocation.budgets.models import ZONES, BudgetWeek
from allocation.catalog.models import PHASES, Tier
from allocation.directives.models import StrategicDirective
from allocation.floors.models import Override
from allocation.policy.model_truth import Truth
from allocation.policy.recommend import Outcome


class Result(models.TextChoices):
    """How a run turned out."""

    PASSED = "passed", "passed"
    FAILED = "failed", "failed"
    REWORK = "rework", "rework"


TRUTHS = [(truth.value, truth.value.replace("_", " ")) for truth in Truth]


class Decision(models.Model):
    """One recommendation for one run, with its inputs as they were at that moment.

    The columns from `requested` on say what became of it (allocation.policy.model_truth). `key`
    names the question, so that a repeated one gets the answer it had: a `tool_use_id` from a hook,
    a token and its Idempotency-Key from the API.
    """

    at = models.DateTimeField("when")
    actor = models.CharField("who", max_length=150)
    sub_agent = models.CharField(max_length=100)
    phase = models.CharField(max_length=4, choices=PHASES)
    complexity = models.PositiveSmallIntegerField()
    critical = models.BooleanField(default=False)
    read_only = models.BooleanField(default=False)
    sd = models.ForeignKey(
        StrategicDirective,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        db_index=False,  # `decision_by_sd`
    )
    zone = models.CharField(max_length=6, choices=ZONES)
    share_percent = models.DecimalField(
        "share used, %", max_digits=12, decimal_places=4, help_text="Of the effective limit."
    )
    outcome = models.CharField(
        max_length=6, choices=[(outcome.value, outcome.value) for outcome in Outcome]
    )
    recommended = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # three tiers tell a million rows apart too badly for an index to help
    )
    preferred = models.CharField(max_length=20)
    floor = models.CharField(max_length=20)
    override = models.ForeignKey(
        Override,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        # The index `decision_forced` below serves instead. Through an index on this column alone
        # both databases would look for the rows with an override, or those without, and then sort
        # all of them: 7 s at a million rows.
        db_index=False,
    )
    reason = models.TextField()
    path = models.JSONField(help_text="The rule path, step by step.")
    inputs = models.JSONField(help_text="Everything the rules looked at, frozen.")
    key = models.CharField(max_length=150, unique=True, null=True, blank=True)
    requested = models.CharField(
        max_length=20, blank=True, help_text="The tier that the run asked for."
    )
    observed = models.CharField(max_length=100, blank=True, help_text="The model that ran.")
    mismatch = models.CharField(max_length=20, choices=TRUTHS, default=Truth.UNKNOWN.value)
    override_reason = models.TextField(
        blank=True, help_text="Why it ran on another tier than the recommended one."
    )
    result = models.CharField(max_length=6, choices=Result, blank=True)
    session_id = models.CharField(max_length=100, blank=True)
    agent_id = models.CharField(max_length=100, blank=True)

    class Meta:
        db_table = "model_allocation_decisions"
        ordering = ["-at", "-id"]
        # The audit trail is filtered by any of these columns, alone or together, newest first.
        # Without these indexes a filter that matches few rows reads every decision: 1 s at a
        # million rows, and 10 ms with them, for 4 µs for each row that is written
        # (tests/benchmarks/decisions_page.py). The columns after the id let a second filter be
        # tested in the index, without reading the row. Where several indexes fit SQLite takes the
        # last of them, so those whose values have the fewest rows come last.
        indexes = [
            models.Index(fields=["-at", "-id"], name="decision_newest_first"),
            models.Index(
                fields=["outcome", "-at", "-id", "sub_agent", "mismatch", "override"],
                name="decision_by_outcome",
            ),
            models.Index(
                fields=["mismatch", "-at", "-id", "sub_agent", "outcome", "override"],
                name="decision_by_truth",
            ),
            # For two filters that hardly any row fits, such as deferred runs that were followed.
            models.Index(
                fields=["outcome", "mismatch", "-at", "-id"], name="decision_by_outcome_truth"
            ),
            models.Index(
                fields=["-at", "-id", "outcome", "mismatch", "sub_agent", "override"],
                name="decision_forced",
                condition=models.Q(override__isnull=False),
            ),
            models.Index(
                fields=["sub_agent", "-at", "-id", "outcome", "mismatch", "override"],
                name="decision_by_sub_agent",
            ),
            models.Index(
                fields=["sd", "-at", "-id", "outcome", "mismatch", "override"],
                name="decision_by_sd",
            ),
            # How often an SD was overridden, with an override or with a reason of the run's own.
            models.Index(
                fields=["sd", "at"],
                name="decision_overridden",
                condition=models.Q(override__isnull=False) | ~models.Q(override_reason=""),
            ),
            # The run of a session that is being observed, and what it cost.
            models.Index(
                fields=["session_id", "agent_id"],
                name="decision_by_agent",
                condition=~models.Q(session_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_agent} in {self.phase}: {self.recommended or self.outcome}"


class DeferredRun(models.Model):
    """A run that a decision put off, in the queue until the next budget week opens.

    Asked for again while it waits, it is not queued twice. `override` is the Chairman's word that
    let it run before its time.
    """

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="deferral")
    sub_agent = models.CharField(max_length=100)
    phase = models.CharField(max_length=4, choices=PHASES)
    sd = models.ForeignKey(
        StrategicDirective, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()
    position = models.PositiveIntegerField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=150, blank=True)
    override = models.ForeignKey(Override, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "deferred_runs"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sub_agent", "phase", "sd"],
                condition=models.Q(released_at__isnull=True),
                name="one_waiting_run_per_sd",
            ),
            # SQL holds two NULLs to be different.
            models.UniqueConstraint(
                fields=["sub_agent", "phase"],
                condition=models.Q(released_at__isnull=True, sd__isnull=True),
                name="one_waiting_run_without_sd",
            ),
        ]

    def __str__(self) -> str:
        whose = f", {self.sd.code}" if self.sd else ""
        return f"run of {self.sub_agent} in {self.phase}{whose}"


class CountedWeek(models.Model):
    """A budget week whose decisions up to `end` are counted in `DecisionCount`.

    With `ready` false a decision of it has changed since, or it was never counted, and the rows
    themselves are asked until it is counted anew (allocation.decisions.counts).
    """

    week = models.OneToOneField(BudgetWeek, on_delete=models.CASCADE, related_name="+")
    start = models.DateTimeField()
    end = models.DateTimeField()
    ready = models.BooleanField(default=False)

    class Meta:
        db_table = "decision_counted_weeks"
        ordering = ["-start"]

    def __str__(self) -> str:
        return f"{self.week}"


class DecisionCount(models.Model):
    """So many decisions of a week that were alike, from the `first` to the `last` of them."""

    counted = models.ForeignKey(CountedWeek, on_delete=models.CASCADE, related_name="counts")
    sub_agent = models.CharField(max_length=100)
    phase = models.CharField(max_length=4)
    outcome = models.CharField(max_length=6)
    observed = models.CharField(max_length=100)
    result = models.CharField(max_length=6)
    mismatch = models.CharField(max_length=20)
    overridden = models.BooleanField()
    n = models.PositiveIntegerField()
    first = models.DateTimeField()
    last = models.DateTimeField()

    class Meta:
        db_table = "decision_counts"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.n} of {self.sub_agent} in {self.phase}"
