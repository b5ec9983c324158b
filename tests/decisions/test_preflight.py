"""Before an SD starts: its runs, their cost, and the zone after."""

from decimal import Decimal
from fractions import Fraction

import pytest

from allocation.budgets.models import Meter
from allocation.budgets.operations import RuleChange, change_rule, set_limit
from allocation.catalog.pricing import load_price_book
from allocation.decisions.operations import situation_at
from allocation.decisions.preflight import Preflight, preflight
from allocation.policy.phases import Phase
from allocation.policy.zones import Zone
from allocation.usage.operations import rebuild_hours
from tests.factories import NOW, StrategicDirectiveFactory, SubAgentFactory, UsageRecordFactory

pytestmark = pytest.mark.django_db


def plan(burned: int = 0, **columns: object) -> Preflight:
    sd = StrategicDirectiveFactory(**columns)
    return preflight(sd, situation_at(NOW), load_price_book(), burned=burned)


def test_an_sd_that_has_not_begun_has_all_phases_ahead() -> None:
    assert {run.phase for run in plan().runs} == set(Phase)
    assert {run.phase for run in plan().at_hand} == {Phase.LEAD}


def test_an_sd_in_exec_has_only_that_ahead() -> None:
    assert {run.phase for run in plan(phase="EXEC").runs} == {Phase.EXEC}


def test_an_estimate_scales_the_sub_agents_ranges() -> None:
    tokens = sum((run.tokens_min + run.tokens_max) // 2 for run in plan(estimate=80_000).runs)
    assert tokens == pytest.approx(80_000, abs=30)


def test_what_is_burned_already_comes_off_the_estimate() -> None:
    assert plan(estimate=80_000, burned=90_000).projected == 0


def test_projected_tokens_weigh_as_their_tier() -> None:
    lead = {run.sub_agent: run for run in plan(complexity=3).at_hand}
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
    lead = {run.sub_agent: run for run in plan().at_hand}
    # 15,000 tokens on opus, a sixth of them output
    assert lead["SECURITY"].budget == Fraction(12_500 * 5 + 2_500 * 25, 10**6)


def test_an_inactive_sub_agent_is_left_out() -> None:
    SubAgentFactory(code="DOCMON", active=False)
    assert "DOCMON" not in {run.sub_agent for run in plan().runs}
