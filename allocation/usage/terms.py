"""What records are written by: the registered sub-agents and the price list.

Telemetry comes many times a second, and these change a few times a month. What the Chairman edits
leaves an audit entry, so the newest entry tells whether what was read still holds.
"""

import sys
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from allocation.audit.newest import UntilEdited
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.usage.names import Registry, load_registry
from allocation.usage.observation import Observation


@dataclass(frozen=True, slots=True)
class Terms:
    """What records are written by: the registered sub-agents and the price list."""

    registry: Registry
    book: PriceBook
    # Whether a model has a long-prompt price on a day at all; few have.
    _has_long: dict[tuple[str, date], bool] = field(default_factory=dict)

    def is_long(self, seen: Observation) -> bool:
        """PriceBook.is_long, for very many requests."""
        model_and_day = seen.model, seen.at.date()
        has_long = self._has_long.get(model_and_day)
        if has_long is None:
            has_long = self.book.is_long(*model_and_day, sys.maxsize)
            self._has_long[model_and_day] = has_long
        return has_long and self.book.is_long(*model_and_day, seen.prompt)


def load_terms() -> Terms:
    """Read them: five queries."""
    return Terms(load_registry(), load_price_book())


kept = UntilEdited[Terms](timedelta(seconds=30))


def current_terms(now: datetime) -> Terms:
    """Those that hold at `now`. One query while what is kept holds."""
    return kept.get(now, load_terms)
