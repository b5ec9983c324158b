"""Before an SD starts: its runs, their cost, and the zone after."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocation.budgets.models import Meter
from allocation.budgets.operations import RuleChange, change_rule, set_limit
from allocation.catalog.pricing import load_price_book
from allocation.decisions.ahead import Begun
from allocation.decisions.preflight import Preflight, preflight
from allocation.decisions.situation import situation_at
from allocation.policy.phases import Phase
from allocation.policy.preflight import Evidence, TokenRange, added, left_of
from allocation.policy.zones import Zone
from tests.factories import (
    NOW,
    StrategicDirectiveFactory,
    SubAgentFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db


def plan(burned: dict[str, int] | None = None, **columns: object) -> Preflight:
    sd = StrategicDirectiveFactory(**columns)
    return preflight(sd, situation_at(NOW), load_price_book(), burned=burned)


def test_an_sd_that_has_not_begun_has_all_phases_ahead() -> None:
    assert {run.phase for run in plan().runs} == set(Phase)


def test_an_sd_in_exec_has_only_that_ahead() -> None:
    assert {run.phase for run in plan(phase="EXEC").runs} == {Phase.EXEC}


def test_an_estimate_scales_the_sub_agents_ranges() -> None:
    tokens = sum((run.tokens_min + run.tokens_max) // 2 for run in plan(estimate=80_000).runs)
    assert tokens == pytest.approx(80_000, abs=30)


@pytest.mark.parametrize("estimate", [82_000, 124_000, 145_000])
def test_the_whole_is_the_estimate_itself_and_not_a_sum_of_rounded_parts(estimate: int) -> None:
    assert plan(estimate=estimate).tokens.middle == estimate


def test_what_is_burned_already_comes_off_the_estimate() -> None:
    assert plan(estimate=80_000, burned={"LEAD": 20_000, "": 30_000}).tokens.middle == 30_000
    assert plan(estimate=0).projected == 0


@pytest.mark.parametrize("burned", [80_000, 90_000])
def test_an_estimate_that_is_used_up_says_nothing_of_what_is_ahead(burned: int) -> None:
    ahead = plan(estimate=80_000, burned={"LEAD": burned}, phase="EXEC")
    assert ahead.tokens == plan(phase="EXEC").tokens
    assert ahead.basis == "the registered range, as its own estimate is used up"


def test_of_a_phase_that_has_begun_what_it_leaves_is_ahead() -> None:
    whole, later = plan(phase="PLAN"), plan(phase="EXEC").tokens
    expected = TokenRange(
        whole.tokens.low - later.low,
        whole.tokens.middle - later.middle,
        whole.tokens.high - later.high,
        Evidence.REGISTERED,
    )
    ahead = plan({"LEAD": 70_000, "PLAN": 20_000}, phase="PLAN")
    left = left_of(expected, 20_000)
    assert ahead.tokens == added([later, left])
    assert ahead.begun == (Begun(Phase.PLAN, 20_000, expected),)
    assert not ahead.begun[0].is_beyond
    runs = sum(run.tokens.middle for run in ahead.runs if run.phase is Phase.PLAN)
    assert runs == pytest.approx(left.middle, abs=len(ahead.runs))
    assert [run for run in ahead.runs if run.phase is Phase.EXEC] == [
        run for run in whole.runs if run.phase is Phase.EXEC
    ]


def test_a_phase_beyond_its_range_is_never_said_to_be_over() -> None:
    whole = plan(phase="EXEC").tokens
    ahead = plan({"EXEC": 2 * whole.high}, phase="EXEC")
    assert ahead.begun[0].is_beyond
    assert 0 < ahead.tokens.low < ahead.tokens.middle < ahead.tokens.high
    assert ahead.tokens.high > whole.high - whole.middle


def test_what_history_knows_of_a_phase_is_what_its_begin_is_taken_off() -> None:
    for number, used in enumerate((4_000, 5_000, 6_000)):
        done(number, {"TESTING": used, "": 1_000})
    whole = plan(phase="EXEC")
    ahead = plan({"EXEC": 3_000}, phase="EXEC")
    assert ahead.tokens == left_of(whole.tokens, 3_000)
    share = Fraction(ahead.tokens.middle, whole.tokens.middle)
    assert ahead.besides is not None
    assert ahead.besides.middle == round(1_000 * share)
    testing = {run.sub_agent: run.tokens for run in ahead.runs}["TESTING"]
    assert (testing.middle, testing.n) == (round(5_000 * share), 3)


def test_a_phase_in_which_earlier_sds_burned_nothing_goes_on_nevertheless() -> None:
    for number in range(3):
        done(number, {"TESTING": 4_000})
    ahead = plan({"LEAD": 500}, phase="LEAD")
    assert ahead.begun[0].expected.high == 0
    assert ahead.tokens.high > plan(phase="PLAN").tokens.high


def test_projected_tokens_weigh_as_their_tier() -> None:
    lead = {run.sub_agent: run for run in plan(complexity=3).runs if run.phase is Phase.LEAD}
    assert lead["SECURITY"].budget == Fraction(15_000) * 5 / 3
    assert lead["DOCMON"].budget == 6_000


def test_the_zone_after_is_said_to_change() -> None:
    record = UsageRecordFactory(input=349_000, output=0)
    rebuild_hours([record.hour])
    ahead = plan(estimate=20_000)
    assert (ahead.zone_now, ahead.zone_after) == (Zone.GREEN, Zone.YELLOW)
    assert ahead.zone_changes


def test_runs_that_would_be_deferred_cost_nothing_and_are_named() -> None:
    set_limit(limit=Decimal(900), actor="chairman", now=NOW)
    record = UsageRecordFactory(input=1_000, output=0)
    rebuild_hours([record.hour])
    ahead = plan(phase="EXEC")
    assert {run.sub_agent for run in ahead.deferred} == {"SECURITY"}
    assert all(run.budget == 0 for run in ahead.deferred)
    assert ahead.remaining_after == 0


def test_a_budget_in_dollars_projects_dollars() -> None:
    change = RuleChange(meter=Meter.objects.get(name="US dollars"), limit=Decimal(900))
    change_rule(change=change, actor="chairman", now=NOW)
    lead = {run.sub_agent: run for run in plan().runs if run.phase is Phase.LEAD}
    # 15,000 tokens on opus, a sixth of them output
    assert lead["SECURITY"].budget == Fraction(12_500 * 5 + 2_500 * 25, 10**6)


def test_an_inactive_sub_agent_is_left_out() -> None:
    SubAgentFactory(code="DOCMON", active=False)
    assert "DOCMON" not in {run.sub_agent for run in plan().runs}


def done(number: int, sub_agents: dict[str, int], **columns: Any) -> None:
    """A completed SD in which these sub-agents used so many tokens in EXEC."""
    sd = StrategicDirectiveFactory(code=f"SD-DONE-{number}", status="completed", **columns)
    records = [
        UsageRecordFactory(sd=sd, phase="EXEC", sub_agent=name, input=tokens, output=0)
        for name, tokens in sub_agents.items()
    ]
    rebuild_hours([row.hour for row in records])


def test_without_history_the_registered_ranges_stand() -> None:
    tokens = plan().tokens
    assert (tokens.evidence, tokens.n, tokens.basis) == (
        Evidence.REGISTERED, 0, "the registered range"
    )  # fmt: skip


def test_own_history_counts_before_the_registered_range_and_says_so() -> None:
    for number, used in enumerate((4_000, 5_000, 6_000)):
        done(number, {"TESTING": used, "": 1_000}, complexity=5)
    ahead = plan(phase="EXEC")
    runs = {run.sub_agent: run.tokens for run in ahead.runs}
    testing = runs["TESTING"]
    assert (testing.middle, testing.evidence, testing.n) == (5_000, Evidence.SUB_AGENT, 3)
    assert testing.low < 4_000
    assert testing.high > 6_000
    # It ran in none of three SDs, which is not enough to say that it never does.
    assert (runs["SECURITY"].middle, runs["SECURITY"].high) == (0, 20_000)
    assert ahead.besides == TokenRange(1_000, 1_000, 1_000, Evidence.SUB_AGENT, 3)
    assert (ahead.tokens.middle, ahead.tokens.basis) == (6_000, "own history, 3 cases")


def test_sds_of_the_same_complexity_say_what_the_whole_comes_to() -> None:
    for number in range(6):
        done(number, {"TESTING": 2_000 if number % 2 else 10_000}, complexity=3 + number % 2)
    assert plan(complexity=3).tokens.middle == 10_000
    ahead = plan(complexity=4)
    assert (ahead.tokens.middle, ahead.tokens.evidence) == (2_000, Evidence.COMPLEXITY)
    assert ahead.projected == 2_000 * ahead.projected / ahead.tokens.middle


def test_a_sub_agent_without_history_takes_that_of_its_kind_of_work() -> None:
    kind = SubAgentFactory(code="TESTING").task_type
    SubAgentFactory(code="PROBING", task_type=kind, runs_in_exec=True)
    for number in range(3):
        done(number, {"TESTING": 7_000})
    runs = {run.sub_agent: run.tokens for run in plan(phase="EXEC").runs}
    assert runs["PROBING"] == TokenRange(7_000, 7_000, 7_000, Evidence.TASK_TYPE, 3)


def test_hand_logged_sds_of_the_complexity_stretch_the_registered_ranges() -> None:
    for number in range(3):
        done(number, {"": 40_000}, complexity=3)
    ahead = plan(complexity=3)
    assert ahead.tokens.middle == pytest.approx(40_000, abs=30)
    assert ahead.tokens.basis == "3 SDs of this complexity"
    assert plan(complexity=2).tokens.evidence is Evidence.REGISTERED


def test_two_sds_are_no_evidence() -> None:
    for number in range(2):
        done(number, {"TESTING": 5_000})
    assert plan().tokens.evidence is Evidence.REGISTERED


def test_as_many_queries_however_many_sds_are_done() -> None:
    counts = []
    for numbers in (range(3), range(3, 9)):
        for number in numbers:
            done(number, {"TESTING": 5_000, "SECURITY": 1_000})
        sd, situation, book = StrategicDirectiveFactory(), situation_at(NOW), load_price_book()
        with CaptureQueriesContext(connection) as found:
            preflight(sd, situation, book)
        counts.append(len(found))
    assert counts == [2, 2]
