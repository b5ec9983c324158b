"""Rule 7: from raw token counts to budget tokens and to dollars."""

from dataclasses import astuple, replace
from decimal import Decimal
from fractions import Fraction
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.errors import RuleError
from allocation.policy.meter import (
    ALL_TOKENS,
    FRESH_TOKENS,
    KINDS,
    PRESETS,
    SONNET_EQUIVALENT,
    US_DOLLARS,
    Counts,
    Meter,
    Prices,
    Weighting,
    budget_tokens,
    dollars,
    model_weight,
)


def price_list(*columns: str) -> Prices:
    return Prices(*map(Decimal, columns))


# input, output, cache write 5 min, cache write 1 h, cache read; dollars per million tokens
HAIKU_4_5 = price_list("1", "5", "1.25", "2", "0.10")
SONNET_4_5 = price_list("3", "15", "3.75", "6", "0.30")
OPUS_4_5 = price_list("5", "25", "6.25", "10", "0.50")

EACH = Counts(1, 20, 300, 4_000, 50_000, 600_000)

token_counts = st.builds(Counts, *[st.integers(0, 10**12)] * 6)
priced_counts = st.builds(Counts, *[st.integers(0, 10**12)] * 5)
prices = st.builds(Prices, *[st.decimals(0, 1000, places=6)] * 5)
token_meters = st.builds(
    Meter,
    st.just("edited"),
    st.sampled_from([Weighting.LIST_PRICE, Weighting.FLAT]),
    *[st.decimals(0, 10, places=6)] * 5,
    st.decimals("0.000001", 100, places=6),
)


def test_raw_tokens_count_every_kind_once() -> None:
    assert EACH.raw == 654_321


def test_a_prompt_is_all_that_was_sent() -> None:
    assert EACH.prompt == 1 + 300 + 4_000 + 50_000


def test_fresh_tokens_are_all_but_what_a_cache_gave() -> None:
    assert EACH.fresh == 604_321


def both(one: Counts, other: Counts) -> Counts:
    return Counts(*map(add, astuple(one), astuple(other)))


@pytest.mark.parametrize(
    ("meter", "tokens"),
    [
        (SONNET_EQUIVALENT, 604_321),  # cache reads weigh nothing
        (FRESH_TOKENS, 604_321),
        (ALL_TOKENS, 654_321),
    ],
)
def test_the_presets_weigh_the_kinds_on_sonnet(meter: Meter, tokens: int) -> None:
    assert budget_tokens(EACH, meter, list_price=SONNET_4_5, charged=None) == tokens


@pytest.mark.parametrize(
    ("price", "weight"),
    [(HAIKU_4_5, Fraction(1, 3)), (SONNET_4_5, Fraction(1)), (OPUS_4_5, Fraction(5, 3))],
)
def test_a_sonnet_equivalent_weighs_a_model_by_its_list_price(
    price: Prices, weight: Fraction
) -> None:
    assert model_weight(SONNET_EQUIVALENT, price) == weight
    counts = Counts(input=700, output=300)
    used = budget_tokens(counts, SONNET_EQUIVALENT, list_price=price, charged=price)
    assert used == 1000 * weight


@pytest.mark.parametrize("meter", [FRESH_TOKENS, ALL_TOKENS])
@pytest.mark.parametrize("price", [HAIKU_4_5, SONNET_4_5, OPUS_4_5, None])
def test_a_flat_meter_weighs_every_model_alike(meter: Meter, price: Prices | None) -> None:
    assert model_weight(meter, price) == 1


@pytest.mark.parametrize("meter", [SONNET_EQUIVALENT, FRESH_TOKENS, ALL_TOKENS])
def test_an_unknown_model_is_counted(meter: Meter) -> None:
    assert budget_tokens(Counts(input=7), meter, list_price=None, charged=None) == 7


@pytest.mark.parametrize("meter", [SONNET_EQUIVALENT, FRESH_TOKENS, ALL_TOKENS])
def test_a_long_prompt_is_charged_more_but_weighs_the_same(meter: Meter) -> None:
    used = budget_tokens(EACH, meter, list_price=HAIKU_4_5, charged=OPUS_4_5)
    assert used == budget_tokens(EACH, meter, list_price=HAIKU_4_5, charged=HAIKU_4_5)


@pytest.mark.parametrize("meter", [SONNET_EQUIVALENT, FRESH_TOKENS, ALL_TOKENS])
def test_tokens_logged_by_hand_weigh_what_input_weighs(meter: Meter) -> None:
    by_hand = budget_tokens(Counts(unsplit=9), meter, list_price=OPUS_4_5, charged=None)
    assert by_hand == budget_tokens(Counts(input=9), meter, list_price=OPUS_4_5, charged=None)


@pytest.mark.parametrize(("kind", "dear"), [(kind, kind != "unsplit") for kind in KINDS])
def test_every_kind_has_its_own_price(kind: str, dear: bool) -> None:
    cost = dollars(Counts(**{kind: 1_000_000}), OPUS_4_5)
    assert cost == (getattr(OPUS_4_5, kind) if dear else None)


@pytest.mark.parametrize(
    ("price", "cost"), [(OPUS_4_5, "5.00"), (SONNET_4_5, "3.00"), (HAIKU_4_5, "1.00")]
)
def test_the_report_s_sd_of_500k_in_and_100k_out_costs_what_it_says(
    price: Prices, cost: str
) -> None:
    assert dollars(Counts(input=500_000, output=100_000), price) == Decimal(cost)


def test_the_report_s_mix_of_three_models_costs_2_dollars_60() -> None:
    forty, twenty = Counts(200_000, 40_000), Counts(100_000, 20_000)
    parts = [(forty, HAIKU_4_5), (forty, SONNET_4_5), (twenty, OPUS_4_5)]
    costs = [dollars(counts, price) or Decimal(0) for counts, price in parts]
    assert costs == [Decimal("0.40"), Decimal("1.20"), Decimal("1.00")]


@pytest.mark.parametrize(
    ("counts", "price"),
    [
        (Counts(input=1), None),
        (Counts(), None),
        (Counts(unsplit=1), SONNET_4_5),
        (Counts(input=1, unsplit=1), SONNET_4_5),
    ],
)
def test_an_unknown_cost_is_never_0(counts: Counts, price: Prices | None) -> None:
    assert dollars(counts, price) is None
    assert budget_tokens(counts, US_DOLLARS, list_price=price, charged=price) is None


def test_nothing_used_of_a_known_model_costs_nothing() -> None:
    assert dollars(Counts(), SONNET_4_5) == 0


def test_one_cached_token_still_costs_its_exact_part_of_a_cent() -> None:
    assert dollars(Counts(cache_read=1), SONNET_4_5) == Decimal("0.00000030")


def test_a_budget_in_dollars_is_charged_at_the_price_that_applied() -> None:
    used = budget_tokens(Counts(output=3), US_DOLLARS, list_price=HAIKU_4_5, charged=OPUS_4_5)
    assert used == Fraction(75, 1_000_000)


def test_four_presets_ship_and_one_of_them_is_in_dollars() -> None:
    names = ["sonnet-equivalent", "fresh tokens", "all tokens", "US dollars"]
    assert [meter.name for meter in PRESETS] == names
    assert [meter.in_dollars for meter in PRESETS] == [False, False, False, True]


@pytest.mark.parametrize("price", ["0", "-3"])
def test_a_reference_price_must_be_more_than_nothing(price: str) -> None:
    with pytest.raises(RuleError, match="reference price must be more than 0"):
        replace(SONNET_EQUIVALENT, reference_price=Decimal(price))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unsplit"])
def test_no_kind_weighs_less_than_nothing(kind: str) -> None:
    with pytest.raises(RuleError, match="cannot weigh less than 0"):
        Meter("edited", Weighting.FLAT, **{kind: Decimal("-0.000001")})


@given(token_counts, token_counts, token_meters, st.none() | prices)
def test_metering_is_additive(
    one: Counts, other: Counts, meter: Meter, price: Prices | None
) -> None:
    together, *each = [
        budget_tokens(counts, meter, list_price=price, charged=price)
        for counts in (both(one, other), one, other)
    ]
    assert together == sum(part for part in each if part is not None)


@given(priced_counts, priced_counts, prices)
def test_dollars_add_up_to_the_last_digit(one: Counts, other: Counts, price: Prices) -> None:
    together, *each = [dollars(counts, price) for counts in (both(one, other), one, other)]
    assert together == sum(part for part in each if part is not None)


@given(token_counts, token_meters, st.none() | prices)
def test_a_token_meter_always_counts_and_never_below_0(
    counts: Counts, meter: Meter, price: Prices | None
) -> None:
    used = budget_tokens(counts, meter, list_price=price, charged=None)
    assert used is not None
    assert used >= 0


def test_a_measured_meter_weighs_by_tier_and_unknown_tiers_as_one() -> None:
    weights = (("opus", Decimal(3)), ("sonnet", Decimal(0)))
    meter = Meter("measured", Weighting.TIER, cache_read=Decimal("0.5"), tier_weights=weights)
    counts = Counts(input=10, cache_read=4)
    for tier, used in (("opus", 36), ("sonnet", 0), ("haiku", 12), ("", 12)):
        assert budget_tokens(counts, meter, list_price=OPUS_4_5, charged=None, tier=tier) == used


def test_a_tier_cannot_weigh_less_than_nothing() -> None:
    with pytest.raises(RuleError, match="tier"):
        Meter("measured", Weighting.TIER, tier_weights=(("opus", Decimal(-1)),))


def test_meters_that_count_alike_have_one_digest_whatever_they_are_called() -> None:
    stored = replace(FRESH_TOKENS, name="ours", input=Decimal("1.000000"))
    assert stored.digest == FRESH_TOKENS.digest
    assert replace(US_DOLLARS, cache_read=Decimal(1)).digest == US_DOLLARS.digest
    measured = Meter("measured", Weighting.TIER, tier_weights=(("opus", Decimal(3)),))
    dearer = replace(measured, tier_weights=(("opus", Decimal(4)),))
    cheaper = replace(SONNET_EQUIVALENT, reference_price=Decimal(6))
    assert len({meter.digest for meter in (*PRESETS, measured, dearer, cheaper)}) == 7
