"""What the running week would be under each meter, for the page of the budget rule."""

from datetime import datetime
from fractions import Fraction

from allocation.budgets.models import Meter
from allocation.catalog.pricing import load_price_book
from allocation.usage.standing import running_week
from allocation.usage.totals import burned


def used_by_meter(now: datetime) -> dict[int, Fraction]:
    """What the week that holds `now` has used under each meter, by the meter's id, in its unit."""
    window = running_week(now).window
    book = load_price_book()
    return {
        meter.pk: burned(within=window, meter=meter.to_policy(), book=book).budget
        for meter in Meter.objects.all()
    }
