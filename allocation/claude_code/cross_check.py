"""Telemetry's metrics beside its events: what is never counted checks what is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import reduce
from operator import add

from django.db.models import F, Sum
from django.db.models.functions import TruncDate

from allocation.api.models import MetricDay
from allocation.display import format as fmt
from allocation.policy.meter import KINDS
from allocation.usage.models import Source, UsageHour

DAYS = timedelta(days=7)
_RAW = reduce(add, [F(kind) for kind in KINDS])


@dataclass(frozen=True, slots=True)
class CheckedDay:
    """The raw tokens of one day (UTC): those counted from events, and what metrics say."""

    day: date
    counted: int
    metrics: int

    @property
    def apart(self) -> str:
        """How far the two are apart, as a part of what metrics say."""
        if self.counted == self.metrics:
            return "as many"
        off = abs(self.counted - self.metrics)
        share = f", {fmt.percent(Fraction(off, self.metrics))}" if self.metrics else ""
        return f"{fmt.tokens(off)} {'more' if self.counted > self.metrics else 'fewer'}{share}"


def checked_days(now: datetime) -> Sequence[CheckedDay]:
    """The days of the last week that metrics tell of, the newest first. Two queries."""
    since = (now - DAYS).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = MetricDay.objects.filter(day__gte=since.date()).order_by("-day").values_list("day")
    metrics = dict(told.annotate(Sum("tokens")))
    hours = UsageHour.objects.filter(source=Source.OTLP, hour__gte=since).order_by()
    by_day = hours.values_list(TruncDate("hour", tzinfo=UTC))
    counted = dict(by_day.annotate(sum=Sum(_RAW)))
    return [CheckedDay(day, counted.get(day, 0), tokens) for day, tokens in metrics.items()]
