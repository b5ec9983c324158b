"""What records are written by: the registered sub-agents and the price list.

Telemetry comes many times a second, and these change a few times a month. What the Chairman edits
leaves an audit entry, so the newest entry tells whether what was read still holds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allocation.audit.newest import UntilEdited
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.usage.names import Registry, load_registry
from allocation.usage.observation import Observation


@dataclass(frozen=True, slots=True)
class Terms:
    """What records are written by: the registered sub-agents and the price list."""

    registry: Registry
    book: PriceBook
    ever_long: frozenset[str]  # what `book` says of itself, for very many requests

    def is_long(self, seen: Observation) -> bool:
        """PriceBook.is_long, for very many requests."""
        return seen.model in self.ever_long and self.book.is_long(
            seen.model, seen.at.date(), seen.prompt
        )


def load_terms() -> Terms:
    """Read them: five queries."""
    book = load_price_book()
    return Terms(load_registry(), book, book.ever_long())


kept = UntilEdited[Terms](timedelta(seconds=30))


def current_terms(now: datetime) -> Terms:
    """Those that hold at `now`. One query while what is kept holds."""
    return kept.get(now, load_terms)
