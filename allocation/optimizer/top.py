"""The most promising opportunities, for the week page, kept for a while.

The week page is looked at all day, and advice that rests on four weeks may be minutes old. What the
Chairman edits leaves an audit entry each time, so the newest entry tells whether what was found
still holds: a change that is applied leaves the list at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allocation.audit.newest import newest_entry
from allocation.optimizer.measure import Reviews, read_facts
from allocation.optimizer.opportunities import find_opportunities
from allocation.optimizer.page import OpportunityRow, row_of, summary

MOST = 3
KEPT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class TopOpportunities:
    """The first few that quality does not forbid, and what all of them would save."""

    summary: str
    rows: Sequence[OpportunityRow]


class _Kept:
    """One for the process. Threads may find it anew at once; the last to do so is kept."""

    last: tuple[int, datetime, TopOpportunities] | None = None


def top_opportunities(now: datetime, reviews: Reviews) -> TopOpportunities:
    """The top at `now`, at most ten minutes old. One query while what is kept holds."""
    version = newest_entry()
    if _Kept.last is not None:
        of_version, found_at, top = _Kept.last
        if of_version == version and timedelta(0) <= now - found_at < KEPT:
            return top
    facts = read_facts(now, reviews)
    found = [each for each in find_opportunities(facts) if each.verdict.allows]
    top = TopOpportunities(summary(found, facts), [row_of(each, facts) for each in found[:MOST]])
    _Kept.last = (version, now, top)
    return top


def forget() -> None:
    """Find everything anew next time."""
    _Kept.last = None
