"""Rule 1: zones by the share of the effective limit that is used."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from allocation.policy.errors import RuleError


class Zone(StrEnum):
    """The state of a budget week, best first."""

    GREEN = "GREEN"
    YELLOW = "YELLOW"
    ORANGE = "ORANGE"
    RED = "RED"

    @property
    def severity(self) -> int:
        """0 for GREEN to 3 for RED."""
        return _SEVERITY[self]

    @property
    def under_pressure(self) -> bool:
        """True from YELLOW on: the budget weighs on which tier a sub-agent gets."""
        return self is not Zone.GREEN


_SEVERITY = {zone: severity for severity, zone in enumerate(Zone)}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where each worse zone begins, in percent of the effective limit.

    Raises RuleError unless 0 < yellow < orange < red <= 100.
    """

    yellow: Decimal = Decimal(70)
    orange: Decimal = Decimal(85)
    red: Decimal = Decimal(95)

    def __post_init__(self) -> None:
        if not 0 < self.yellow < self.orange < self.red <= 100:
            raise RuleError(
                "The zone bounds must rise, above 0 and up to 100: yellow, then orange, then red."
            )


DEFAULT_BOUNDS = Bounds()


def effective_limit(limit: Decimal, reserve_percent: Decimal) -> Fraction:
    """The part of the limit that may be used: limit x (1 - reserve).

    Raises RuleError unless limit > 0 and 0 <= reserve_percent < 100.
    """
    if limit <= 0:
        raise RuleError("The limit must be more than 0.")
    if not 0 <= reserve_percent < 100:
        raise RuleError("The reserve must be at least 0% and less than 100%.")
    return Fraction(limit) * (100 - Fraction(reserve_percent)) / 100


def zone_at(share: Fraction, bounds: Bounds = DEFAULT_BOUNDS) -> Zone:
    """The zone of a share (1 = all of the effective limit). A bound belongs to the worse zone."""
    percent = share * 100
    # Python compares a Fraction with a Decimal exactly, which keeps 69.999... apart from 70.
    if percent < bounds.yellow:
        return Zone.GREEN
    if percent < bounds.orange:
        return Zone.YELLOW
    if percent < bounds.red:
        return Zone.ORANGE
    return Zone.RED


def exhausted(share: Fraction) -> bool:
    """Whether the effective limit is used up; exactly all of it counts as used up."""
    return share >= 1
