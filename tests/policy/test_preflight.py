"""What an SD would use, and the chance of each zone with it."""

from collections.abc import Sequence
from fractions import Fraction
from math import log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.preflight import (
    Evidence,
    TokenRange,
    added,
    by_complexity,
    from_cases,
    left_of,
    quantile,
    registered,
    zone_chances_with,
)
from allocation.policy.zones import DEFAULT_BOUNDS, Zone

# Totals of 200 to 380 at the levels 0.05 to 0.95. Of 400, YELLOW begins at 280, ORANGE at 340 and
# RED at 380.
TOTALS = list(range(200, 390, 10))
REACHED = (0.55, 0.25, 0.05)


def chances(
    *more: int, limit: int = 400, used: int = 100, reached: Sequence[float] = REACHED
) -> dict[Zone, float]:
    return zone_chances_with(
        TOTALS,
        used=used,
        reached=reached,
        more=more,
        effective_limit=limit,
        bounds=DEFAULT_BOUNDS,
    )


def test_fewer_than_three_cases_say_nothing() -> None:
    assert from_cases([1, 2], Evidence.SUB_AGENT) is None
    found = from_cases([30, 10, 20], Evidence.SUB_AGENT)
    assert found is not None
    assert (found.low, found.middle, found.high, found.n) == (6, 20, 59, 3)
    assert found.basis == "own history, 3 cases"


def test_many_cases_and_those_with_nothing_go_by_their_tenths() -> None:
    many = from_cases(range(1, 102), Evidence.SUB_AGENT)
    assert many is not None
    assert (many.low, many.middle, many.high) == (11, 51, 91)
    seldom = from_cases([0, 0, 0, 0, 50], Evidence.SUB_AGENT)
    assert seldom is not None
    assert (seldom.low, seldom.middle, seldom.high) == (0, 0, 30)


def test_the_range_of_a_few_cases_holds_the_next_one_about_as_often_as_it_says() -> None:
    random = Random(1)
    held = 0
    for _ in range(400):
        *cases, after = (round(10_000 * random.lognormvariate(0, 0.6)) for _ in range(6))
        found = from_cases(cases, Evidence.SUB_AGENT)
        assert found is not None
        held += found.low <= after <= found.high
    assert 300 <= held <= 340


def test_the_range_of_a_few_cases_is_the_prediction_interval_of_their_logarithms() -> None:
    # 4000 times or over exp(t s sqrt(1 + 1/5)): t = 1.533 from a table, s = log(2) sqrt(10/4)
    found = from_cases([1000, 2000, 4000, 8000, 16000], Evidence.SUB_AGENT)
    assert found is not None
    assert [found.low, found.high] == pytest.approx([635, 25_198], rel=0.01)


@pytest.mark.parametrize(("level", "value"), [(0, 10), (Fraction(1, 4), 15), (1, 30)])
def test_quantiles_lie_evenly_between_neighbours(level: Fraction, value: int) -> None:
    assert quantile([30, 10, 20], Fraction(level)) == value


def test_a_registered_range_is_stretched_by_what_whole_sds_came_to() -> None:
    run = registered(10, 30)
    found = by_complexity(run, [50, 100, 200], typical=100)
    assert found is not None
    assert found.low < found.middle == 20 < found.high
    assert by_complexity(run, [50, 100], typical=100) is None
    assert by_complexity(run, [50, 100, 200], typical=0) is None


def test_ranges_add_up_end_by_end() -> None:
    both = added([registered(10, 30), registered(1, 3)])
    assert (both.low, both.middle, both.high) == (11, 22, 33)
    assert added([]).high == 0
    history = from_cases([30, 10, 20], Evidence.SUB_AGENT)
    assert history is not None
    assert added([history, history]).basis == "own history, 3 cases"


# A tenth of the cases below 20, four tenths from there to 40, half above, a tenth of them over 60.
PHASE = TokenRange(20_000, 40_000, 60_000, Evidence.SUB_AGENT, 5)


@pytest.mark.parametrize(
    ("burned", "low", "middle", "high"),
    [
        (0, 20_000, 40_000, 60_000),  # nothing says more than the range
        (10_000, 12_250, 30_637, 50_637),  # 95 in 100 burn more: half of them over 40.6k
        (20_000, 4_500, 21_309, 41_309),  # 90 in 100
        (30_000, 3_500, 14_432, 34_432),  # 70 in 100
        (40_000, 1_309, 8_614, 28_614),  # half, and from here on all the same:
        (50_000, 1_309, 8_614, 28_614),
        (60_000, 1_309, 8_614, 28_614),
        (80_000, 2_619, 17_227, 57_227),  # twice as far above the middle as the range goes
    ],
)
def test_what_a_phase_leaves(burned: int, low: int, middle: int, high: int) -> None:
    assert left_of(PHASE, burned) == TokenRange(low, middle, high, Evidence.SUB_AGENT, 5)


@pytest.mark.parametrize(
    ("phase", "burned", "left"),
    [
        ((1_000, 1_000, 1_000), 400, (600, 600, 600)),  # what is certain stays so,
        ((1_000, 1_000, 1_000), 1_500, (33, 215, 715)),  # until it is not
        ((0, 0, 0), 1_000, (65, 431, 1_431)),  # a phase that had no cases
        ((0, 0, 20_000), 1_000, (1_309, 8_614, 28_614)),  # one that half of them have not
        ((0, 10_000, 20_000), 1, (2_250, 10_654, 20_654)),  # cases of nothing are out at once
    ],
)
def test_what_a_phase_leaves_of_a_range_without_width(
    phase: tuple[int, int, int], burned: int, left: tuple[int, int, int]
) -> None:
    found = left_of(TokenRange(*phase, Evidence.SUB_AGENT), burned)
    assert (found.low, found.middle, found.high) == left


def test_a_phase_leaves_what_the_cases_do_that_burned_more() -> None:
    """Drawn from the law itself, not worked out by it."""
    random = Random(2)
    cases = []
    for _ in range(100_000):
        level = random.random()
        if level < 0.1:
            cases.append(20_000 * level / 0.1)
        elif level < 0.5:
            cases.append(20_000 + 20_000 * (level - 0.1) / 0.4)
        else:
            cases.append(40_000 + random.expovariate(log(5) / 20_000))
    for burned in (10_000, 30_000, 50_000):
        left = [round(case - burned) for case in cases if case > burned]
        found = left_of(PHASE, burned)
        for at, value in ((0.1, found.low), (0.5, found.middle), (0.9, found.high)):
            assert float(quantile(left, Fraction(at))) == pytest.approx(value, rel=0.08)


@given(
    st.lists(st.integers(0, 10**12), min_size=3, max_size=3).map(sorted),
    st.lists(st.integers(1, 10**12), min_size=2, max_size=2).map(sorted),
)
def test_the_more_a_phase_has_burned_the_more_it_comes_to_and_it_is_never_over_for_certain(
    ends: list[int], burned: list[int]
) -> None:
    phase = TokenRange(*ends, Evidence.SUB_AGENT)
    fewer, more = (left_of(phase, some) for some in burned)
    for left in (fewer, more):
        assert 0 <= left.low <= left.middle <= left.high
    assert burned[0] + fewer.high <= burned[1] + more.high + 1
    if burned[1] > phase.middle and max(burned[1], phase.high) > phase.middle + 10:
        assert more.high > 0


def test_without_anything_more_the_chances_are_the_forecasts_own() -> None:
    found = chances(0, reached=(0.56, 0.2, 0.03))
    assert [*found.values()] == pytest.approx([0.44, 0.36, 0.17, 0.03])


def test_an_sd_moves_chances_to_worse_zones() -> None:
    assert chances(60)[Zone.GREEN] == pytest.approx(0.15)
    assert chances(1_000) == {Zone.GREEN: 0, Zone.YELLOW: 0, Zone.ORANGE: 0, Zone.RED: 1}


def test_each_amount_of_an_sd_is_as_likely_as_the_others() -> None:
    assert chances(0, 1_000)[Zone.RED] == pytest.approx((0.05 + 1) / 2)


def test_beyond_the_highest_quantile_the_chance_falls_to_nothing() -> None:
    assert chances(0, limit=10_000, reached=(0, 0, 0))[Zone.GREEN] == 1
    # RED begins at 499.5 and with the SD at 390, halfway to 400: twice the last step away
    assert chances(110, limit=526, reached=(0.1, 0, 0))[Zone.RED] == pytest.approx(
        0.05 / 2, rel=0.1
    )


def test_between_what_is_known_the_chance_runs_straight() -> None:
    # YELLOW begins at 385; with the SD at 384, four fifths of the way from the quantile at 380
    found = chances(1, limit=550, reached=(0.02, 0, 0))
    assert found[Zone.GREEN] == pytest.approx(1 - (0.05 - 0.03 * 4 / 5))


def test_what_is_used_is_certain() -> None:
    assert chances(0, limit=100, used=100, reached=(1, 1, 1))[Zone.RED] == 1
    # RED begins at 190 and with the SD at 145, a sixth of the way from YELLOW's begin to ORANGE's
    found = chances(45, limit=200, used=100, reached=(0.99, 0.97, 0.96))
    assert found[Zone.RED] == pytest.approx(0.99 - 0.02 / 6)
    assert chances(90, limit=200, used=100, reached=(0.99, 0.97, 0.96))[Zone.RED] == 1


@given(
    st.lists(st.integers(0, 10**9), min_size=19, max_size=19).map(sorted),
    st.lists(st.floats(0, 1), min_size=3, max_size=3).map(lambda all: sorted(all, reverse=True)),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=10),
    st.integers(1, 10**9),
)
def test_chances_add_up_and_an_sd_never_makes_the_week_better(
    totals: list[int], reached: list[float], more: list[int], limit: int
) -> None:
    def zones(amounts: list[int]) -> dict[Zone, float]:
        return zone_chances_with(
            totals,
            used=totals[0],
            reached=reached,
            more=amounts,
            effective_limit=limit,
            bounds=DEFAULT_BOUNDS,
        )

    without, with_sd = zones([0]), zones(more)
    for found in (without, with_sd):
        assert sum(found.values()) == pytest.approx(1)
        assert min(found.values()) >= -1e-9
    assert with_sd[Zone.GREEN] <= without[Zone.GREEN] + 1e-9
    assert with_sd[Zone.RED] >= without[Zone.RED] - 1e-9
