"""A small set of transcripts, and what a tool should count in it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

Files = Mapping[str, bytes | Callable[[], Iterator[bytes]]]


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens by kind; `usd` is None where it is not asked for."""

    input: int
    output: int
    writes: int
    read: int
    usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Trap:
    """`files` by their path in the folder of a project, and what a tool should count."""

    name: str
    files: Files
    right: Counted
    # What the right dollars are: none, where nobody knows the price of the model.
    unpriced: bool = False
