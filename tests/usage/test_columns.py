"""Sights by columns, and what is decided for a whole column."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from allocation.catalog.pricing import PriceBook
from allocation.policy.meter import Prices
from allocation.usage.names import Registry
from allocation.usage.observation import Observation
from allocation.usage.sights import Sights
from allocation.usage.terms import Terms
from tests.usage.sights import one_sight
from tests.usage.transcripts import START

MANY = st.lists(one_sight(), max_size=6)


def test_the_columns_are_those_of_one_sight() -> None:
    assert Sights.__struct_fields__ == Observation.__struct_fields__


@given(MANY, MANY)
def test_what_was_laid_in_columns_comes_out_as_it_was(
    some: list[Observation], others: list[Observation]
) -> None:
    sights = Sights.of(some)
    assert ([*sights], len(sights), Sights.of(sights)) == (some, len(some), sights)
    assert [*sights + Sights.of(others)] == some + others
    assert [*sights[1:3]] == some[1:3]
    wanted = [seen.sidechain for seen in some]
    assert [*sights.only(wanted)] == [seen for seen in some if seen.sidechain]
    assert [seen.tier for seen in sights.having(tier=["opus"] * len(some))] == ["opus"] * len(some)


PRICES = {above: Prices(*[Decimal(dollars)] * 5) for above, dollars in ((0, 1), (200_000, 2))}
BOOK = PriceBook(
    {
        "long": [(date(2026, 1, 1), PRICES), (date(2026, 11, 18), {0: PRICES[0]})],
        "longer": [(date(2026, 1, 1), {0: PRICES[0], 300_000: PRICES[200_000]})],
        "never": [(date(2026, 1, 1), {0: PRICES[0]})],
    }
)
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["long", "longer", "never", "unknown"]),
        st.sampled_from([START, START - timedelta(days=1), START - timedelta(days=900)]),
        st.sampled_from([0, 200_000, 200_001, 300_000, 300_001]),
    ),
    min_size=1,
)


@given(REQUESTS)
def test_of_many_prompts_those_are_long_that_are_so_by_themselves(
    requests: list[tuple[str, datetime, int]],
) -> None:
    terms = Terms(Registry({}), BOOK, BOOK.never_long())
    models, moments, prompts = map(list, zip(*requests, strict=True))
    alone = [BOOK.is_long(model, at.date(), prompt) for model, at, prompt in requests]
    assert terms.are_long(models, moments, prompts) == alone
