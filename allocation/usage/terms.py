"""What records are written by: the registered sub-agents and the price list.

Telemetry comes many times a second, and these change a few times a month. What the Chairman edits
leaves an audit entry, so the newest entry tells whether what was read still holds.
"""

import sys
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from allocation.audit.newest import newest_entry
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.usage.names import Registry, load_registry

# Entries that commit out of their order could hide one behind another; that is the longest it can.
KEPT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Terms:
    """What records are written by: the registered sub-agents and the price list."""

    registry: Registry
    book: PriceBook
    # Whether a model has a long-prompt price on a day at all; few have.
    _has_long: dict[tuple[str, date], bool] = field(default_factory=dict)

    def is_long(self, model: str, day: date, prompt: int) -> bool:
        """PriceBook.is_long, for very many requests."""
        has_long = self._has_long.get((model, day))
        if has_long is None:
            has_long = self.book.is_long(model, day, sys.maxsize)
            self._has_long[model, day] = has_long
        return has_long and self.book.is_long(model, day, prompt)


@dataclass(frozen=True, slots=True)
class _Read:
    """Terms, and what tells whether they still hold."""

    terms: Terms
    version: int
    at: datetime


class _Kept:
    """One for the process. Threads may read it anew at once; the last to do so is kept."""

    last: _Read | None = None


def load_terms() -> Terms:
    """Read them: five queries."""
    return Terms(load_registry(), load_price_book())


def current_terms(now: datetime) -> Terms:
    """Those that hold at `now`. One query while what is kept holds."""
    version = newest_entry()
    known = _Kept.last
    if known is None or known.version != version or not timedelta(0) <= now - known.at < KEPT:
        known = _Kept.last = _Read(load_terms(), version, now)
    return known.terms


def forget() -> None:
    """Read them anew next time."""
    _Kept.last = None
