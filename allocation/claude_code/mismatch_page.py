"""What the page of silent mismatches prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from allocation.catalog.models import ClaudeModel
from allocation.claude_code.causes import likely_cause
from allocation.claude_code.models import HarnessSession
from allocation.decisions.models import Decision
from allocation.decisions.trail import Filters, trail_page
from allocation.display import format as fmt
from allocation.policy.model_truth import Truth

WINDOW = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class MismatchRow:
    """One run that used another model than the one decided."""

    decision: Decision
    cause: str


@dataclass(frozen=True, slots=True)
class MismatchPage:
    """The newest silent mismatches, and how often they happen: of the observed runs only, since
    unknown is not followed."""

    rows: Sequence[MismatchRow]
    older_url: str
    newer_url: str
    rate: str
    silent: int
    observed: int
    unknown: int


def mismatch_page(*, before: str = "", after: str = "", now: datetime) -> MismatchPage:
    """The page older or newer than a cursor of the trail; the rate is that of the last 28 days.
    Six queries. Raises RuleError for a cursor that is none."""
    lately = Decision.objects.filter(at__gte=now - WINDOW)
    # One count each: an index holds what they ask, one statement for all would read every row.
    silent = lately.filter(mismatch=Truth.SILENT_MISMATCH.value).count()
    unknown = lately.filter(mismatch=Truth.UNKNOWN.value).count()
    observed = lately.count() - unknown
    shown = trail_page(Filters(mismatch=Truth.SILENT_MISMATCH.value), before=before, after=after)
    tiers = dict(ClaudeModel.objects.values_list("model_id", "tier__name"))
    sessions = HarnessSession.objects.filter(
        session_id__in=[row.session_id for row in shown.decisions if row.session_id]
    )
    versions = dict(sessions.values_list("session_id", "cli_version"))
    return MismatchPage(
        rows=[_row(row, tiers, versions) for row in shown.decisions],
        older_url=shown.older_url,
        newer_url=shown.newer_url,
        rate=fmt.percent(Fraction(silent, observed)) if observed else "no data yet",
        silent=silent,
        observed=observed,
        unknown=unknown,
    )


def _row(decision: Decision, tiers: dict[str, str], versions: dict[str, str]) -> MismatchRow:
    cause = likely_cause(
        recommended=decision.recommended.name if decision.recommended else "",
        requested=decision.requested,
        observed_tier=tiers.get(decision.observed, decision.observed),
        cli_version=versions.get(decision.session_id, ""),
    )
    return MismatchRow(decision, cause)
