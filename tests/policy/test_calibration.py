"""The limit behind the plan's meter: found where the readings tell it, and else not said."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.policy.calibration import TOO_FEW_TO_TELL, Calibration, Estimate, SpanUse
from tests.policy.plan_usage import CACHE, LIMIT, TRUE, calibration, plan_usage


@pytest.fixture(scope="module")
def known() -> list[SpanUse]:
    """Eight weeks of a plan with known weights."""
    return plan_usage(weeks=8)


def weights(found: Calibration) -> dict[str, Estimate]:
    return {weight.tier: weight.estimate for weight in found.weights}


def limit(found: Calibration) -> Estimate:
    assert found.limit is not None
    return found.limit


def test_a_known_limit_and_known_weights_are_found(known: list[SpanUse]) -> None:
    found = calibration(known)
    assert float(limit(found).value) == pytest.approx(LIMIT, rel=0.1)
    assert float(weights(found)["opus"].value) == pytest.approx(TRUE["opus"], rel=0.15)
    assert found.cache_read is not None
    assert float(found.cache_read.estimate.value) == pytest.approx(CACHE, rel=0.4)
    assert found.clean == len(found.spans) == len(known)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = [
        estimate.low <= LIMIT <= estimate.high
        for seed in range(10)
        if (estimate := limit(calibration(plan_usage(weeks=3, seed=seed)))).low is not None
        and estimate.high is not None
    ]
    assert len(held) == 10
    assert sum(held) >= 6


def test_the_same_seed_gives_the_same_and_another_other_intervals(known: list[SpanUse]) -> None:
    assert calibration(known) == calibration(known)
    assert calibration(known, seed=2).limit != calibration(known).limit


def test_spans_with_a_missing_source_are_left_out_and_change_little(known: list[SpanUse]) -> None:
    missing = {at for at, use in enumerate(known) if at % 6 == 2 and use.span.percent >= 5}
    poor = [
        replace(use, fresh={tier: n // 5 for tier, n in use.fresh.items()}, cache_reads={})
        if at in missing
        else use
        for at, use in enumerate(known)
    ]
    found = calibration(poor)
    assert float(limit(found).value) == pytest.approx(LIMIT, rel=0.15)
    out = {at for at, verdict in enumerate(found.spans) if verdict.left_out}
    assert len(missing) >= 5
    assert missing <= out
    assert all("a source was missing" in found.spans[at].left_out for at in missing)
    assert len(out - missing) < len(poor) / 10


def test_more_counted_than_the_meter_rose_is_left_out_too(known: list[SpanUse]) -> None:
    use = known[5]
    many = replace(use, fresh={tier: n * 6 for tier, n in use.fresh.items()})
    found = calibration([*known[:5], many, *known[6:]])
    assert found.spans[5].left_out.endswith("rose by less than was counted")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"fresh": {}, "cache_reads": {}}, "nothing was counted in it"),
        ({"unknown": 10**9}, "its tokens have no known tier or kind"),
    ],
)
def test_spans_that_say_nothing_are_not_clean(
    known: list[SpanUse], columns: dict[str, object], why: str
) -> None:
    found = calibration([replace(known[0], **columns), *known[1:]])  # type: ignore[arg-type]
    assert found.spans[0].left_out == why
    assert found.clean == len(known) - 1
    assert found.limit is not None


def test_fewer_than_three_clean_spans_are_not_enough(known: list[SpanUse]) -> None:
    found = calibration([known[0], known[1], replace(known[2], fresh={}, cache_reads={})])
    assert (found.limit, found.weights, found.cache_read, found.clean) == (None, (), None, 2)
    assert found.missing == (
        "3 clean spans are needed and there are 2.",
        "Left out: 1 because nothing was counted in it.",
    )
    assert calibration([]).missing == ("3 clean spans are needed and there are 0.",)


def test_three_clean_spans_say_a_limit_by_the_list_prices(known: list[SpanUse]) -> None:
    found = calibration(known[:3], cache="0.03")
    assert limit(found).measured
    assert not any(estimate.measured for estimate in weights(found).values())
    assert weights(found)["opus"].value == Decimal("1.67")
    assert found.cache_read is not None
    assert found.cache_read.why.startswith("Six clean spans")


def test_a_tier_that_few_spans_join_to_another_says_why(known: list[SpanUse]) -> None:
    whys = {weight.tier: weight.why for weight in calibration(known[:3]).weights}
    assert whys["sonnet"] == ""  # what others count in
    assert whys["opus"] == TOO_FEW_TO_TELL


def test_tiers_in_step_cannot_be_told_apart_and_keep_their_prices_ratio() -> None:
    def with_opus(tokens: Mapping[str, int]) -> dict[str, int]:
        return {"sonnet": tokens["sonnet"], "opus": tokens["sonnet"] // 3}

    alone = plan_usage(weeks=6, mix=lambda random: {"sonnet": random.random()})
    found = calibration(
        [
            replace(use, fresh=with_opus(use.fresh), cache_reads=with_opus(use.cache_reads))
            for use in alone
        ]
    )
    by_tier = {weight.tier: weight for weight in found.weights}
    assert "cannot tell" in by_tier["opus"].why + by_tier["sonnet"].why
    assert by_tier["opus"].estimate == Estimate(Decimal("1.67"))


def test_cache_reads_in_step_weigh_as_before() -> None:
    found = calibration(plan_usage(weeks=6, reads=lambda _: 10.0), cache="0.05")
    assert found.cache_read is not None
    assert found.cache_read.estimate == Estimate(Decimal("0.05"))
    assert "in step" in found.cache_read.why


def test_an_unused_tier_keeps_its_price() -> None:
    found = calibration(plan_usage(mix=lambda random: {"sonnet": random.random()}))
    by_tier = {weight.tier: weight for weight in found.weights}
    assert by_tier["haiku"].estimate == Estimate(Decimal("0.333"))
    assert by_tier["haiku"].why.startswith("Not used")
    assert by_tier["sonnet"].estimate.value == 1


def test_without_sonnet_the_most_used_tier_is_the_measure() -> None:
    found = calibration(plan_usage(mix=lambda random: {"opus": random.random()}))
    assert weights(found)["opus"].value == Decimal("1.67")
    assert float(limit(found).value) == pytest.approx(LIMIT * 1.67 / 3, rel=0.2)


def test_spans_that_disagree_say_no_limit(known: list[SpanUse]) -> None:
    wild = [
        replace(use, fresh={"sonnet": 10_000 * 9**at}, cache_reads={})
        for at, use in enumerate(known[:4])
    ]
    found = calibration(wild)
    assert found.limit is None
    assert found.missing


@settings(max_examples=8)
@given(st.sampled_from([2, 3, 10, 1_000]))
def test_scaling_tokens_scales_the_limit(scale: int) -> None:
    one, many = (calibration(plan_usage(weeks=2, scale=by)) for by in (1, scale))
    assert float(limit(many).value) / scale == pytest.approx(float(limit(one).value), rel=0.02)
    for tier, estimate in weights(many).items():
        assert float(estimate.value) == pytest.approx(float(weights(one)[tier].value), rel=0.02)
