"""Rule 7: from raw token counts to budget tokens and to dollars.

Everything is exact. Budget tokens are `Fraction`, because a haiku token is a third of a
sonnet-equivalent one; dollars are `Decimal`. Metering is linear in the counts, so it may be
applied to a sum of requests as long as they share one model and one price.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from math import lcm

from allocation.policy.errors import RuleError

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Counts:
    """Raw tokens by kind.

    `unsplit` holds tokens logged by hand, of which nobody knows the kind: they are metered as
    input and output are, and cannot be priced.
    """

    input: int = 0
    output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    unsplit: int = 0

    @property
    def raw(self) -> int:
        """All tokens, each counted once."""
        return self.prompt + self.output + self.unsplit

    @property
    def fresh(self) -> int:
        """All but what was read from a cache: what SDs are estimated and logged in."""
        return self.raw - self.cache_read

    @property
    def prompt(self) -> int:
        """Tokens of the prompt, which decide whether a request is priced as a long one."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


# By name, in the order of Counts.
KINDS = tuple(Counts.__dataclass_fields__)
FRESH_KINDS = tuple(kind for kind in KINDS if kind != "cache_read")


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens, by kind."""

    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal


class Weighting(StrEnum):
    """How a model weighs in budget tokens."""

    LIST_PRICE = "list_price"  # its input price relative to the reference price
    FLAT = "flat"  # every model 1
    TIER = "tier"  # as its tier is given, measured against the plan's own meter
    DOLLARS = "dollars"  # the budget is in US dollars


@dataclass(frozen=True, slots=True)
class Meter:
    """How raw counts become budget tokens.

    Kind weights multiply the counts; `reference_price` is the input price, in dollars per million
    tokens, of the model that weighs 1 (Sonnet 4.5); `tier_weights` are pairs of a tier and what its
    models weigh, for the weighting by tier alone. They have no part in a meter in dollars.
    Raises RuleError for a negative weight, or a reference price that nothing can be divided by.
    """

    name: str
    weighting: Weighting
    input: Decimal = Decimal(1)
    output: Decimal = Decimal(1)
    cache_write_5m: Decimal = Decimal(1)
    cache_write_1h: Decimal = Decimal(1)
    cache_read: Decimal = Decimal(0)
    reference_price: Decimal = Decimal(3)
    tier_weights: tuple[tuple[str, Decimal], ...] = ()

    def __post_init__(self) -> None:
        kinds = (self.input, self.output, self.cache_write_5m, self.cache_write_1h, self.cache_read)
        if min(kinds) < 0:
            raise RuleError("A kind of tokens cannot weigh less than 0.")
        if any(weight < 0 for _, weight in self.tier_weights):
            raise RuleError("A tier cannot weigh less than 0.")
        if self.reference_price <= 0:
            raise RuleError("The reference price must be more than 0.")

    @property
    def in_dollars(self) -> bool:
        """Whether the limit and all that is used are US dollars and not tokens."""
        return self.weighting is Weighting.DOLLARS

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of how it counts: the same for meters that count alike, whatever they
        are called."""
        kinds = (self.input, self.output, self.cache_write_5m, self.cache_write_1h, self.cache_read)
        facts: list[object] = [self.weighting.value]
        if not self.in_dollars:
            facts += map(Fraction, kinds)
        if self.weighting is Weighting.LIST_PRICE:
            facts.append(Fraction(self.reference_price))
        if self.weighting is Weighting.TIER:
            facts += [(tier, Fraction(weight)) for tier, weight in sorted(self.tier_weights)]
        return sha256(repr(facts).encode()).hexdigest()


SONNET_EQUIVALENT = Meter("sonnet-equivalent", Weighting.LIST_PRICE)
FRESH_TOKENS = Meter("fresh tokens", Weighting.FLAT)
ALL_TOKENS = Meter("all tokens", Weighting.FLAT, cache_read=Decimal(1))
US_DOLLARS = Meter("US dollars", Weighting.DOLLARS)

PRESETS = (SONNET_EQUIVALENT, FRESH_TOKENS, ALL_TOKENS, US_DOLLARS)


def dollars(counts: Counts, prices: Prices | None) -> Decimal | None:
    """What the tokens cost in US dollars.

    None, meaning unknown, without a price and for tokens of unknown kind. Never 0 by default.
    """
    if prices is None or counts.unsplit:
        return None
    return (
        counts.input * prices.input
        + counts.output * prices.output
        + counts.cache_write_5m * prices.cache_write_5m
        + counts.cache_write_1h * prices.cache_write_1h
        + counts.cache_read * prices.cache_read
    ) / MILLION


def model_weight(meter: Meter, list_price: Prices | None, tier: str = "") -> Fraction:
    """The weight of a model of a tier in budget tokens.

    A model without a price, or of a tier that the meter does not know, weighs 1: it is counted, and
    the caller flags it. `list_price` is the price of an ordinary prompt, also for the requests that
    are charged as long ones.
    """
    if meter.weighting is Weighting.TIER:
        return Fraction(dict(meter.tier_weights).get(tier, 1))
    if meter.weighting is not Weighting.LIST_PRICE or list_price is None:
        return Fraction(1)
    return Fraction(list_price.input) / Fraction(meter.reference_price)


@dataclass(frozen=True, slots=True)
class Tariff:
    """A meter made ready for one model on one day: metering many counts is then one sum each.

    `weights` are whole numbers over `denominator`, for the kinds in the order of `Counts`; None
    from a meter in dollars, which goes by `charged` alone.
    """

    weights: tuple[int, ...] | None
    denominator: int
    charged: Prices | None

    def dollars(self, counts: Counts) -> Decimal | None:
        """What the counts cost, as `dollars` has it."""
        return dollars(counts, self.charged)

    def budget(self, counts: Counts) -> Fraction | None:
        """Budget tokens of the counts, as `budget_tokens` has it."""
        if self.weights is None:
            cost = self.dollars(counts)
            return None if cost is None else Fraction(cost)
        input_, output, write_5m, write_1h, read, unsplit = self.weights
        weighed = (
            counts.input * input_
            + counts.output * output
            + counts.cache_write_5m * write_5m
            + counts.cache_write_1h * write_1h
            + counts.cache_read * read
            + counts.unsplit * unsplit
        )
        return Fraction(weighed, self.denominator)


def tariff(
    meter: Meter, *, list_price: Prices | None, charged: Prices | None, tier: str = ""
) -> Tariff:
    """The tariff of a model. `list_price` is its price for an ordinary prompt, which weighs it, as
    its `tier` may; `charged` the price that applies to the requests, the long-prompt price where
    they have one.
    """
    if meter.in_dollars:
        return Tariff(None, 1, charged)
    model = model_weight(meter, list_price, tier)
    kinds = (meter.input, meter.output, meter.cache_write_5m, meter.cache_write_1h)
    # Hand-logged tokens are fresh ones; under every token preset those weigh what input weighs.
    weights = [Fraction(kind) * model for kind in (*kinds, meter.cache_read, meter.input)]
    denominator = lcm(*(weight.denominator for weight in weights))
    return Tariff(tuple(int(weight * denominator) for weight in weights), denominator, charged)


def budget_tokens(
    counts: Counts,
    meter: Meter,
    *,
    list_price: Prices | None,
    charged: Prices | None,
    tier: str = "",
) -> Fraction | None:
    """Budget tokens of the counts: sum of tokens x kind weight x model weight.

    `charged` is the price that applies to these requests (the long-prompt price where it is
    one); only the meter in dollars looks at it. None, meaning unknown, only from that meter.
    """
    return tariff(meter, list_price=list_price, charged=charged, tier=tier).budget(counts)
