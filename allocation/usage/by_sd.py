"""What SDs burned, in all."""

from collections.abc import Sequence

from django.db.models import Q, Sum

from allocation.budgets.models import BudgetRule
from allocation.catalog.pricing import load_price_book
from allocation.directives.page import Spending, Spent
from allocation.display.format import amount
from allocation.usage.models import UsageHour
from allocation.usage.totals import FRESH, burned_by


def fresh_by_sd(ids: Sequence[int]) -> dict[int, int]:
    """Fresh tokens by SD: those that were captured and those that were logged by hand. One query.

    An SD that burned nothing has no entry.
    """
    hours = UsageHour.objects.filter(sd__in=ids).order_by()
    return dict(hours.values("sd").annotate(burned=Sum(FRESH)).values_list("sd", "burned"))


def spending(ids: Sequence[int]) -> Spending:
    """What SDs burned, raw, of the budget and in dollars: four queries."""
    meter = BudgetRule.objects.select_related("meter").get().meter.to_policy()
    parts = burned_by(("sd_id",), where=Q(sd__in=ids), meter=meter, book=load_price_book())
    return Spending(
        in_dollars=meter.in_dollars,
        by_sd={
            sd_id: Spent(
                fresh=burned.counts.fresh,
                raw=burned.counts.raw,
                budget=amount(burned.budget, in_dollars=meter.in_dollars),
                usd=burned.usd,
            )
            for (sd_id,), burned in parts.items()
        },
    )
