"""The most promising opportunities, for the week page, kept for a while.

The week page is looked at all day, and advice that rests on four weeks may be minutes old. What the
Chairman edits leaves an audit entry each time, so the newest entry tells whether what was found
still holds: a change that is applied leaves the list at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allocation.audit.newest import UntilEdited
from allocation.optimizer.measure import Reviews, read_facts
from allocation.optimizer.opportunities import find_opportunities
from allocation.optimizer.page import OpportunityRow, basis, row_of, summary

MOST = 3


@dataclass(frozen=True, slots=True)
class TopOpportunities:
    """The first few that quality does not forbid, and what all of them would save."""

    summary: str
    rows: Sequence[OpportunityRow]


kept = UntilEdited[TopOpportunities](timedelta(minutes=10))


def top_opportunities(now: datetime, reviews: Reviews) -> TopOpportunities:
    """The top at `now`, at most ten minutes old. One query while what is kept holds."""
    return kept.get(now, lambda: _found(now, reviews))


def _found(now: datetime, reviews: Reviews) -> TopOpportunities:
    facts = read_facts(now, reviews)
    found = [each for each in find_opportunities(facts) if each.verdict.allows]
    said = summary(found, facts)
    return TopOpportunities(
        said if facts.spent else f"{basis(facts)} {said}",
        [row_of(each, facts) for each in found[:MOST]],
    )
