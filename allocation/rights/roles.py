"""The role in which the running code reads and writes the database.

A request, a round of scheduled work or a command sets the role when it begins (`acting_as`), and it
holds in that thread until it ends. Code that has set none is NOBODY, who may read and write
nothing. The PostgreSQL backend beside this module passes the role on to the database, where
row-level security goes by it; SQLite knows no rights and is told nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TypeVar

Part = TypeVar("Part")


class Role(StrEnum):
    """Who acts. The values are those of the setting `budgetctl.role` in PostgreSQL."""

    CHAIRMAN = "chairman"
    OPERATOR = "operator"
    VIEWER = "viewer"
    AGENT = "agent"
    SYSTEM = "system"  # the clock, and what follows by itself from what others did
    NOBODY = ""


_acting: ContextVar[Role] = ContextVar("acting", default=Role.NOBODY)


def current() -> Role:
    """Who acts now, in this thread."""
    return _acting.get()


def act_as(role: Role) -> None:
    """Act in this name from here on, to the end of the block or of the process."""
    _acting.set(role)


@contextmanager
def acting_as(role: Role) -> Iterator[None]:
    """Act in this name within the block, also where `act_as` is called in it."""
    before = _acting.set(role)
    try:
        yield
    finally:
        _acting.reset(before)


def each_as(role: Role, parts: Iterable[Part]) -> Iterator[Part]:
    """The parts of a stream, each made in this name however late it is asked for."""
    stream = iter(parts)
    while True:
        with acting_as(role):
            try:
                part = next(stream)
            except StopIteration:
                return
        yield part
