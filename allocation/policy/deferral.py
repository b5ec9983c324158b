"""Rule 4: what is proposed for deferral, what pauses in mid-SD, and the order of a queue.

A deferral of an SD is only proposed here; the Chairman confirms it. A pause happens by itself: an
SD that went on until somebody confirmed would use budget that is not there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from allocation.policy.errors import RuleError

# From this chance on the week "probably runs out".
PROBABLE = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Pending:
    """An SD that is proposed or in progress."""

    code: str
    low_priority: bool
    critical: bool


def probably_runs_out(chance: Decimal | None) -> bool:
    """Whether a chance of exhaustion (1 is certain) is high enough to act; None is no forecast."""
    return chance is not None and chance >= PROBABLE


def proposed_deferrals(pending: Iterable[Pending], *, chance: Decimal | None) -> list[str]:
    """The codes of the SDs to put off, in the order given: those of low priority, where the week
    probably runs out while something critical is pending. What is critical is never among them.
    """
    some = list(pending)
    if not probably_runs_out(chance) or not any(sd.critical for sd in some):
        return []
    return [sd.code for sd in some if sd.low_priority and not sd.critical]


def is_to_pause(*, burned: int, approved_up_to: int | None) -> bool:
    """Whether an SD in progress pauses once its week is exhausted: what the Chairman approved in
    that week is used up, or nothing was. Both amounts are the SD's own fresh tokens since it began.
    """
    return approved_up_to is None or burned >= approved_up_to


def moved(order: Sequence[int], item: int, *, up: bool) -> list[int]:
    """The order with an item one place further up or down; at the end it stays where it is.

    Raises RuleError if the item is not there.
    """
    if item not in order:
        raise RuleError("It does not wait in the queue any more.")
    result = list(order)
    here = result.index(item)
    there = max(0, here - 1) if up else min(len(result) - 1, here + 1)
    result[here], result[there] = result[there], result[here]
    return result
