"""What records are written by: the registered sub-agents and the price list.

Telemetry comes many times a second, and these change a few times a month. What the Chairman edits
leaves an audit entry, so the newest entry tells whether what was read still holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allocation.audit.newest import UntilEdited
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.usage.names import Registry, load_registry


@dataclass(frozen=True, slots=True)
class Terms:
    """What records are written by: the registered sub-agents and the price list."""

    registry: Registry
    book: PriceBook
    never_long: Mapping[str, int]  # what `book` says of itself, for very many requests

    def are_long(
        self, models: Sequence[str], moments: Sequence[datetime], prompts: Sequence[int]
    ) -> list[bool]:
        """PriceBook.is_long of each, for very many requests."""
        sizes = [self.never_long[model] for model in {*models} & self.never_long.keys()]
        if not sizes or max(prompts) <= min(sizes):
            return [False] * len(prompts)  # mostly
        return [
            prompt > self.never_long.get(model, prompt)
            and self.book.is_long(model, at.date(), prompt)
            for model, at, prompt in zip(models, moments, prompts, strict=True)
        ]


def load_terms() -> Terms:
    """Read them: five queries."""
    book = load_price_book()
    return Terms(load_registry(), book, book.never_long())


kept = UntilEdited[Terms](timedelta(seconds=30))


def current_terms(now: datetime) -> Terms:
    """Those that hold at `now`. One query while what is kept holds."""
    return kept.get(now, load_terms)
