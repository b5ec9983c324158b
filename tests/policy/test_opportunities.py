"""Who could run a tier lower: what moves, what it saves, what quality says, and no broken floor."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.complexity import RUBRIC
from allocation.policy.cost_benefit import ReworkRate
from allocation.policy.floors import Floor, GivesWay, floor_for
from allocation.policy.meter import (
    FRESH_TOKENS,
    SONNET_EQUIVALENT,
    US_DOLLARS,
    Counts,
    Meter,
    Prices,
    Weighting,
)
from allocation.policy.opportunities import (
    NOTHING,
    Move,
    Rules,
    Runs,
    Spent,
    Verdict,
    find_move,
    lowered,
    reworked,
    total,
    verdict,
)
from allocation.policy.phases import Phase
from allocation.policy.quality import TierResults
from allocation.policy.recommend import Task
from allocation.policy.tiers import HAIKU, OPUS, SHIPPED_TIERS, SONNET, Tier
from allocation.policy.zones import Zone
from tests.policy.runs import SUB_AGENTS, floors, tasks, tiers, zones
from tests.policy.shipped import SHIPPED_FLOORS

GREEN, YELLOW, RED = Zone.GREEN, Zone.YELLOW, Zone.RED
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
HAIKU_PRICE = Prices(Decimal(1), Decimal(5), *(Decimal(1),) * 3)


def rules(sub_agent: str = "DOCMON", phase: str = "PLAN", ceiling: Tier | None = None) -> Rules:
    return Rules(floor_for(SHIPPED_FLOORS, sub_agent, phase), ceiling, RUBRIC)


def runs(
    complexity: int = 3,
    *,
    n: int = 1,
    zone: Zone = GREEN,
    of: str = "DOCMON",
    critical: bool = False,
    read_only: bool = False,
) -> Runs:
    return Runs(Task(of, Phase.PLAN, complexity, critical, read_only), zone, n)


def moved(*some: Runs, by: Rules | None = None) -> tuple[str, str, int, Fraction] | None:
    move = find_move(some, by or rules())
    return move and (move.from_tier.name, move.to.name, move.moved, move.share)


class TestAMove:
    @pytest.mark.parametrize(
        ("some", "expected"),
        [
            ([runs(3, n=4)], ("sonnet", "haiku", 4, Fraction(1))),
            ([runs(2, n=4)], None),  # haiku already
            ([runs(3, n=3, critical=True), runs(3)], ("sonnet", "haiku", 1, Fraction(1, 4))),
            ([runs(5, n=3)], ("opus", "sonnet", 3, Fraction(1))),
            ([runs(5), runs(3, n=9)], ("sonnet", "haiku", 10, Fraction(1))),
            ([runs(5, n=9), runs(3)], ("opus", "sonnet", 9, Fraction(1))),
            ([runs(3, critical=True)], None),
            ([], None),
        ],
    )
    def test_one_step_down_from_where_most_runs_are(
        self, some: Sequence[Runs], expected: object
    ) -> None:
        assert moved(*some) == expected

    @pytest.mark.parametrize(
        ("of", "phase", "expected"),
        [
            ("SECURITY", "PLAN", None),
            ("VALIDATION", "PLAN", None),
            ("VALIDATION", "LEAD", ("sonnet", "haiku", 1, Fraction(1))),
            ("DATABASE", "EXEC", None),
            ("TESTING", "EXEC", None),
        ],
    )
    def test_floors_that_ship(self, of: str, phase: str, expected: object) -> None:
        assert moved(runs(3, of=of), by=rules(of, phase)) == expected

    def test_a_floor_under_pressure_comes_down_to_what_it_gives_way_to(self) -> None:
        move = find_move([runs(3)], rules("VALIDATION", "LEAD"))
        assert move is not None
        assert (move.rules.floor, move.rules.ceiling) == (Floor(HAIKU), HAIKU)
        high = Floor(OPUS, GivesWay.UNDER_PRESSURE, HAIKU)
        after = lowered(Rules(high, None, RUBRIC), SONNET)
        assert after is not None
        assert after.floor == Floor(SONNET, GivesWay.UNDER_PRESSURE, HAIKU)

    def test_a_floor_for_writing_stays_and_only_reading_moves(self) -> None:
        by = rules("DATABASE", "EXEC")
        move = find_move([runs(3, n=3), runs(3, read_only=True)], by)
        assert move is not None
        assert (move.rules.floor, move.moved, move.share) == (by.floor, 1, Fraction(1, 4))

    def test_a_ceiling_caps_what_complexity_asks_for_in_every_zone(self) -> None:
        by = replace(rules(), ceiling=HAIKU)
        assert by.tier(runs(5)) == HAIKU
        assert by.tier(runs(4, zone=YELLOW)) == HAIKU
        assert rules().tier(runs(4, zone=YELLOW)) == SONNET

    def test_a_ceiling_that_holds_already_is_no_move(self) -> None:
        assert moved(runs(3), by=rules(ceiling=HAIKU)) is None
        assert moved(runs(5), by=rules(ceiling=SONNET)) == ("sonnet", "haiku", 1, Fraction(1))
        lower = Rules(Floor(OPUS, GivesWay.UNDER_PRESSURE, SONNET), HAIKU, RUBRIC)
        assert moved(runs(3), by=lower) is None  # to sonnet, which would raise it

    @given(
        floors,
        st.none() | tiers,
        st.lists(st.builds(Runs, tasks, zones, st.integers(1, 9)), max_size=8),
        tasks,
        zones,
    )
    def test_nothing_that_is_found_breaks_a_floor(
        self, floor: Floor, ceiling: Tier | None, some: list[Runs], task: Task, zone: Zone
    ) -> None:
        before = Rules(floor, ceiling, RUBRIC)
        move = find_move(some, before)
        if move is None:
            return
        assert move.to < move.from_tier
        if floor.gives_way is not GivesWay.UNDER_PRESSURE:
            assert move.rules.floor == floor
        for each in [*some, Runs(task, zone, 1)]:
            tier = move.rules.tier(each)
            assert tier is None or tier >= _least(floor, each.task)

    @given(
        st.sampled_from(SUB_AGENTS),
        st.sampled_from(Phase),
        st.lists(st.builds(Runs, tasks, zones, st.integers(1, 9)), min_size=1, max_size=5),
    )
    def test_what_is_found_is_followed_by_the_recommendation(
        self, of: str, phase: Phase, some: list[Runs]
    ) -> None:
        some = [replace(each, task=replace(each.task, sub_agent=of, phase=phase)) for each in some]
        before = rules(of, phase)
        move = find_move(some, before)
        if move is None:
            return
        assert of != "SECURITY"
        assert (of, phase) not in {("VALIDATION", Phase.PLAN), ("VALIDATION", Phase.EXEC)}
        fell = [each for each in some if (move.rules.tier(each) or OPUS) < _or_least(before, each)]
        assert move.moved == sum(each.n for each in fell) > 0


def _least(floor: Floor, task: Task) -> Tier:
    """What the floor lets such work run on in some zone."""
    if floor.relaxed is None or (floor.gives_way is GivesWay.READ_ONLY and not task.read_only):
        return floor.tier
    return floor.relaxed


def _or_least(by: Rules, each: Runs) -> Tier:
    return by.tier(each) or HAIKU


class TestWhatItSaves:
    def test_rework_counts_in_budget_tokens_and_in_output_dollars(self) -> None:
        counts = Counts(input=5_000, output=1_000, cache_read=90_000)
        spent = reworked(counts, Fraction(3, 2), meter=SONNET_EQUIVALENT, price=HAIKU_PRICE)
        assert spent.budget == Fraction(6_000, 3) * Fraction(3, 2)
        assert spent.usd == Decimal("0.005") + Decimal("0.09") + Decimal("0.0075")
        in_dollars = reworked(counts, Fraction(3, 2), meter=US_DOLLARS, price=HAIKU_PRICE)
        assert in_dollars.budget == Fraction("0.1025")

    def test_a_measured_meter_weighs_the_tier_that_it_would_run_on(self) -> None:
        meter = Meter("measured", Weighting.TIER, tier_weights=(("haiku", Decimal("0.25")),))
        counts = Counts(input=4_000)
        spent = reworked(counts, Fraction(2), meter=meter, price=HAIKU_PRICE, tier="haiku")
        assert spent.budget == 2_000

    def test_without_a_price_only_tokens_are_known(self) -> None:
        counts = Counts(input=10)
        assert reworked(counts, Fraction(1), meter=FRESH_TOKENS, price=None) == Spent(
            Fraction(10), None
        )
        assert reworked(counts, Fraction(1), meter=US_DOLLARS, price=None) == Spent(None, None)
        by_hand = Counts(unsplit=10)
        assert reworked(by_hand, Fraction(1), meter=FRESH_TOKENS, price=HAIKU_PRICE) == Spent(
            Fraction(10), None
        )

    def test_what_is_unknown_stays_unknown(self) -> None:
        known = Spent(Fraction(6), Decimal(4))
        unknown = Spent(None, None)
        assert total([known, known, known]).times(Fraction(2, 3)) == known + known
        assert (known + known).minus(known) == known.minus(NOTHING) == known
        for each in (
            known + unknown,
            unknown + known,
            known.minus(unknown),
            unknown.minus(known),
        ):
            assert each.times(Fraction(2)) == unknown


def results(tier: Tier, passed: int, failed: int = 0, rework: int = 0, day: int = 0) -> TierResults:
    at = MONDAY + timedelta(days=day)
    return TierResults(tier, passed, failed, rework, at, at + timedelta(days=9))


GOOD, BAD = ReworkRate(Fraction(1, 30)), ReworkRate(Fraction(35, 100))


@pytest.mark.parametrize(
    ("found", "rate", "expected"),
    [
        ([], GOOD, Verdict.UNTRIED),
        ([], BAD, Verdict.DOUBTFUL),
        ([results(HAIKU, 9)], GOOD, Verdict.UNTRIED),
        ([results(HAIKU, 10)], BAD, Verdict.HOLDS),
        ([results(SONNET, 20), results(HAIKU, 19, failed=1, day=1)], GOOD, Verdict.HOLDS),
        ([results(SONNET, 20), results(HAIKU, 18, failed=2, day=1)], GOOD, Verdict.NO),
        ([results(HAIKU, 7, rework=3)], GOOD, Verdict.HOLDS),
        ([results(HAIKU, 6, rework=4)], GOOD, Verdict.NO),
        ([results(OPUS, 20), results(SONNET, 10, failed=10, day=1)], GOOD, Verdict.UNTRIED),
    ],
)
def test_enough_runs_decide_and_before_them_what_is_expected(
    found: list[TierResults], rate: ReworkRate, expected: Verdict
) -> None:
    assert verdict(HAIKU, results=found, rate=rate, least=HAIKU) is expected
    assert expected.allows == (expected is not Verdict.NO)


def test_what_ran_below_the_floor_speaks_too() -> None:
    """The lower tier is what is asked about, so its results are not set aside as rolled back."""
    found = [results(HAIKU, 6, rework=4)]
    assert verdict(HAIKU, results=found, rate=GOOD, least=SONNET) is Verdict.NO


def test_every_tier_that_is_stepped_down_to_has_a_target() -> None:
    for tier in SHIPPED_TIERS[:3]:
        assert isinstance(verdict(tier, results=[], rate=GOOD, least=HAIKU), Verdict)


def test_a_move_keeps_what_it_was_made_from() -> None:
    move = find_move([runs(3, n=2), runs(5, critical=True)], rules())
    assert isinstance(move, Move)
    assert move.above == {SONNET, OPUS}
