"""Rule 8: what a task costs once its rework is counted (report, step 6)."""

from decimal import Decimal

from allocation.policy.errors import RuleError
from allocation.policy.meter import MILLION, Prices

# Doing a task again costs one and a half times the first try: debugging, testing, review.
REWORK_FACTOR = Decimal("1.5")


def effective_tokens(direct: int, rework_rate: Decimal) -> Decimal:
    """direct x (1 + 1.5 x rework rate). The rate is a share from 0 to 1.

    Raises RuleError for a negative count or a rate outside 0 to 1.
    """
    if direct < 0:
        raise RuleError("Tokens cannot be negative.")
    if not 0 <= rework_rate <= 1:
        raise RuleError("A rework rate lies between 0% and 100%.")
    return direct * (1 + REWORK_FACTOR * rework_rate)


def effective_dollars(direct: int, rework_rate: Decimal, prices: Prices) -> Decimal:
    """US dollars of a task: input priced on the direct tokens, output on the effective ones."""
    effective = effective_tokens(direct, rework_rate)
    return (direct * prices.input + effective * prices.output) / MILLION
