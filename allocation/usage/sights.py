"""Many sights of requests at once, by columns.

An import has a quarter of a million of them, and most of what happens to them happens to a whole
column, or not at all: that is much less work than with an object for each. No Django here.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import compress
from typing import Any

import msgspec

from allocation.usage.observation import Answer, Observation


class Sights(msgspec.Struct, frozen=True, array_like=True):
    """Sights in the order in which they came. Each field has a value for each sight; the fields
    are those of `Observation`, and in its order."""

    message_id: list[str | None] = []
    request_id: list[str | None] = []
    source: list[str] = []
    at: list[datetime] = []
    counted_at: list[datetime] = []
    session_id: list[str] = []
    agent_id: list[str] = []
    agent_type: list[str] = []
    sidechain: list[bool] = []
    model: list[str] = []
    tier: list[str] = []
    output_final: list[bool] = []
    input: list[int] = []
    output: list[int] = []
    cache_write_5m: list[int] = []
    cache_write_1h: list[int] = []
    cache_read: list[int] = []
    unsplit: list[int] = []
    sd_id: list[int | None] = []
    phase: list[str] = []
    estimated: list[bool] = []
    answered: list[bool] = []
    answer: list[Answer | None] = []

    @classmethod
    def of(cls, observations: Iterable[Observation]) -> "Sights":
        """These, which may be columns already."""
        if isinstance(observations, Sights):
            return observations
        return cls(*map(list, zip(*map(msgspec.structs.astuple, observations), strict=True)))

    def __len__(self) -> int:
        return len(self.at)

    def __iter__(self) -> Iterator[Observation]:
        return map(Observation, *self.columns())

    def __getitem__(self, part: slice) -> "Sights":
        return Sights(*(column[part] for column in self.columns()))

    def __add__(self, others: "Sights") -> "Sights":
        pairs = zip(self.columns(), others.columns(), strict=True)
        return Sights(*(one + other for one, other in pairs))

    def columns(self) -> tuple[list[Any], ...]:
        """All fields, in their order."""
        return msgspec.structs.astuple(self)

    def only(self, wanted: Sequence[bool]) -> "Sights":
        """Those for which `wanted` is true."""
        return Sights(*([*compress(column, wanted)] for column in self.columns()))

    def having(self, **columns: list[Any]) -> "Sights":
        """The same with other columns."""
        return msgspec.structs.replace(self, **columns)
