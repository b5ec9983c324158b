"""The price list as one value in memory: which price holds for a model on a day."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date

from allocation.catalog.models import ClaudeModel, Tier
from allocation.policy.meter import Prices


@dataclass(frozen=True, slots=True)
class PriceBook:
    """All prices of all models. Made once per request or import with `load_price_book`.

    Two books of the same prices are equal, so that sums can be cached by the book that priced them.
    """

    # model id -> [(first day, {prompt size above which it holds: prices})], oldest first
    _dated: dict[str, list[tuple[date, dict[int, Prices]]]]
    # model id -> tier
    tiers: dict[str, str] = field(default_factory=dict)
    # tier -> the model whose price weighs its hand-logged tokens
    weighed_as: dict[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        # Only a hash: `==` compares the prices too. It is quick, and tells most books apart.
        return hash(tuple((model, len(days)) for model, days in self._dated.items()))

    def list_price(self, model: str, day: date) -> Prices | None:
        """The price of an ordinary prompt on a day (UTC), or None if the model has none then."""
        return self._on(model, day).get(0)

    def charged(self, model: str, day: date, *, long_prompt: bool) -> Prices | None:
        """The price that holds for a request, or None if there is none."""
        prices = self._on(model, day)
        return prices.get(max(prices)) if long_prompt and prices else prices.get(0)

    def is_long(self, model: str, day: date, prompt: int) -> bool:
        """Whether a prompt of so many tokens is charged at a long-prompt price."""
        threshold = max(self._on(model, day), default=0)
        return 0 < threshold < prompt

    def never_long(self) -> dict[str, int]:
        """The size of a prompt up to which none is long on any day, of models that have one."""
        sizes = {
            model: [max(prices) for _, prices in periods if any(prices)]  # by size they begin above
            for model, periods in self._dated.items()
        }
        return {model: min(above) for model, above in sizes.items() if above}

    def knows(self, model: str) -> bool:
        """Whether the model is in the catalogue with at least one price."""
        return model in self._dated

    def changes(self, first: date, last: date) -> list[date]:
        """The days after `first` and up to `last` on which any price begins to hold, ascending."""
        days = {day for periods in self._dated.values() for day, _ in periods}
        return sorted(day for day in days if first < day <= last)

    def _on(self, model: str, day: date) -> dict[int, Prices]:
        periods = self._dated.get(model, [])
        index = bisect_right(periods, day, key=lambda period: period[0])
        return periods[index - 1][1] if index else {}


def load_price_book() -> PriceBook:
    """Read the price list and the tiers, also of models that have no price: two queries."""
    dated: dict[str, dict[date, dict[int, Prices]]] = {}
    tiers: dict[str, str] = {}
    weighed_as = dict(
        Tier.objects.filter(weighed_as__isnull=False).values_list("name", "weighed_as__model_id")
    )
    columns = ("valid_from", "prompt_over", *Prices.__dataclass_fields__)
    rows = ClaudeModel.objects.order_by("prices__valid_from")
    for model, tier, day, over, *prices in rows.values_list(
        "model_id", "tier__name", *(f"prices__{column}" for column in columns)
    ):
        tiers[model] = tier
        if day is not None:
            dated.setdefault(model, {}).setdefault(day, {})[over] = Prices(*prices)
    by_model = {model: list(days.items()) for model, days in dated.items()}
    return PriceBook(by_model, tiers, weighed_as)
