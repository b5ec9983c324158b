"""What the page of silent mismatches prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.http import QueryDict

from allocation.catalog.models import ClaudeModel
from allocation.claude_code.causes import likely_cause
from allocation.claude_code.models import HarnessSession
from allocation.decisions.models import Decision
from allocation.display import format as fmt
from allocation.display.paging import Slice, page_of
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
    slice: Slice
    rate: str
    silent: int
    observed: int
    unknown: int


def mismatch_page(query: QueryDict, *, now: datetime) -> MismatchPage:
    """The page for `?page=`; the rate is that of the last 28 days. Seven queries."""
    lately = Decision.objects.filter(at__gte=now - WINDOW)
    # One count each: an index holds what they ask, one statement for all would read every row.
    silent = lately.filter(mismatch=Truth.SILENT_MISMATCH.value).count()
    unknown = lately.filter(mismatch=Truth.UNKNOWN.value).count()
    observed = lately.count() - unknown
    rows = Decision.objects.filter(mismatch=Truth.SILENT_MISMATCH.value)
    newest = rows.select_related("recommended", "sd").defer("path", "inputs")
    shown = page_of(newest.order_by("-at", "-id"), query)
    tiers = dict(ClaudeModel.objects.values_list("model_id", "tier__name"))
    sessions = HarnessSession.objects.filter(
        session_id__in=[row.session_id for row in shown.rows if row.session_id]
    )
    versions = dict(sessions.values_list("session_id", "cli_version"))
    return MismatchPage(
        rows=[_row(row, tiers, versions) for row in shown.rows],
        slice=shown,
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
