"""Sums of what was burned: metered, priced, and exact at the edges of a window."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from django.db.models import Q

from allocation.catalog.models import ClaudeModel, Price
from allocation.catalog.pricing import load_price_book
from allocation.policy.meter import (
    ALL_TOKENS,
    FRESH_TOKENS,
    SONNET_EQUIVALENT,
    US_DOLLARS,
    Meter,
    Weighting,
)
from allocation.policy.weeks import Window
from allocation.usage.models import UsageRecord
from allocation.usage.totals import NOTHING, Burned, burned, burned_by, revision
from tests.factories import (
    NOW,
    WEEK_END,
    WEEK_START,
    ClaudeModelFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db

WEEK = Window(WEEK_START, WEEK_END)
HOUR = timedelta(hours=1)


def used(at: datetime = NOW, **columns: object) -> UsageRecord:
    """One record, rolled up."""
    record: UsageRecord = UsageRecordFactory(at=at, **columns)
    rebuild_hours([record.hour])
    return record


def all_of(
    within: Window | None = WEEK, meter: Meter = SONNET_EQUIVALENT, **only: object
) -> Burned:
    return burned(within=within, where=Q(**only), meter=meter, book=load_price_book())


def test_a_model_without_a_price_weighs_as_its_tier_does() -> None:
    ClaudeModelFactory(model_id="claude-haiku-6", tier__name="haiku")
    used(model="claude-haiku-6", input=900, output=100)
    weights = (("haiku", Decimal("0.25")),)
    found = all_of(meter=Meter("measured", Weighting.TIER, tier_weights=weights))
    assert (found.budget, found.usd, found.unpriced) == (250, None, 1)


@pytest.mark.parametrize(
    ("meter", "budget"),
    [
        (SONNET_EQUIVALENT, Fraction(100 + 20 + 7 + 8, 3)),
        (FRESH_TOKENS, Fraction(135)),
        (ALL_TOKENS, Fraction(1_135)),
        (
            US_DOLLARS,
            Fraction(100 + 20 * 5, 10**6) + Fraction("8.75") / 10**6 + Fraction(16 + 100, 10**6),
        ),
    ],
)
def test_each_preset_meters_by_its_rule(meter: Meter, budget: Fraction) -> None:
    used(
        model="claude-haiku-4-5",
        input=100,
        output=20,
        cache_write_5m=7,
        cache_write_1h=8,
        cache_read=1_000,
    )
    assert all_of(meter=meter).budget == budget


def test_an_unknown_model_is_counted_and_its_price_is_unknown() -> None:
    used(model="claude-next-9", input=30, output=12)
    total = all_of()
    assert (total.records, total.counts.raw, total.budget) == (1, 42, 42)
    assert (total.usd, total.unpriced, total.unmetered) == (None, 1, 0)


def test_a_budget_in_dollars_says_what_it_could_not_count() -> None:
    used(model="claude-next-9", input=30)
    total = all_of(meter=US_DOLLARS)
    assert (total.budget, total.unmetered) == (0, 1)


def test_dollars_are_the_sum_of_what_could_be_priced() -> None:
    used(model="claude-sonnet-4-5", input=1_000_000, output=0)
    used(model="claude-next-9", input=1_000_000, output=0)
    total = all_of()
    assert (total.usd, total.unpriced, total.records) == (Decimal(3), 1, 2)
    # PostgreSQL sums whole numbers into decimals, which JSON would not take.
    assert type(total.counts.raw) is int


def test_tokens_logged_by_hand_weigh_as_their_tier_and_have_no_price() -> None:
    used(model="", tier="opus", source="manual", input=0, output=0, unsplit=300)
    used(model="", tier="", source="manual", input=0, output=0, unsplit=10)
    total = all_of()
    assert (total.budget, total.usd) == (510, None)


def test_a_long_prompt_costs_its_own_price() -> None:
    used(model="claude-haiku-5-5", input=1_000_000, output=0, long_prompt=True)
    used(model="claude-haiku-5-5", input=1_000_000, output=0)
    assert all_of().usd == Decimal("0.60")


def test_a_price_that_changes_in_the_week_holds_from_its_day() -> None:
    Price.objects.create(
        model=ClaudeModel.objects.get(model_id="claude-sonnet-4-5"),
        valid_from=NOW.date(),
        input=Decimal(6),
        output=Decimal(15),
        cache_write_5m=Decimal(0),
        cache_write_1h=Decimal(0),
        cache_read=Decimal(0),
    )
    used(NOW - timedelta(days=1), model="claude-sonnet-4-5", input=1_000_000, output=0)
    used(NOW, model="claude-sonnet-4-5", input=1_000_000, output=0)
    assert (all_of().usd, all_of().budget) == (Decimal(9), 3_000_000)


@pytest.mark.parametrize(
    ("offset", "inside"),
    [(-1, False), (0, True), (1, True)],
)
def test_a_week_that_begins_inside_an_hour_is_exact(offset: int, inside: bool) -> None:
    half_past = Window(NOW + timedelta(minutes=30), NOW + timedelta(days=7, minutes=30))
    used(half_past.start + timedelta(seconds=offset))
    assert bool(all_of(half_past).records) is inside


def test_windows_that_touch_share_nothing_and_miss_nothing() -> None:
    for minutes in range(0, 300, 7):
        used(NOW + timedelta(minutes=minutes), input=1, output=0)
    cuts = [NOW, NOW + 45 * HOUR / 60, NOW + 50 * HOUR / 60, NOW + 2.5 * HOUR, NOW + 5 * HOUR]
    parts = [all_of(Window(start, end), FRESH_TOKENS).budget for start, end in pairwise(cuts)]
    assert sum(parts) == 43


def test_sums_by_session_come_from_the_records() -> None:
    used(session_id="one", input=1, output=0)
    used(session_id="two", input=2, output=0)
    by = burned_by(("session_id",), within=WEEK, meter=FRESH_TOKENS, book=load_price_book())
    assert {key: part.budget for key, part in by.items()} == {("one",): 1, ("two",): 2}


def test_days_are_the_owners() -> None:
    days = [WEEK_START, WEEK_START + timedelta(days=1)]
    used(days[1] - HOUR, input=1, output=0)
    used(days[1], input=2, output=0)
    by = burned_by(("day",), within=WEEK, days=days, meter=FRESH_TOKENS, book=load_price_book())
    assert {key: part.budget for key, part in by.items()} == {(0,): 1, (1,): 2}


def test_sums_can_be_narrowed() -> None:
    sd = StrategicDirectiveFactory()
    used(sd=sd, input=5, output=0)
    used(input=7, output=0)
    assert all_of(meter=FRESH_TOKENS, sd=sd).budget == 5


def test_without_usage_there_is_nothing() -> None:
    assert all_of() == NOTHING
    assert all_of(None) == NOTHING


def test_ever_means_before_the_first_week_too() -> None:
    used(datetime.fromisoformat("2025-12-06T10:00+00:00"), input=5, output=0)
    assert all_of(None, FRESH_TOKENS).budget == 5


def test_sums_are_remembered_until_usage_changes(
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    used(input=5, output=0)
    book = load_price_book()

    def remembered() -> Fraction:
        by = burned_by((), within=WEEK, mark=revision(), meter=FRESH_TOKENS, book=book)
        return by[()].budget

    assert remembered() == 5
    with django_assert_num_queries(1):
        assert remembered() == 5
    used(input=7, output=0)
    assert remembered() == 12
