"""What is found in what ran, and what it is said to save."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from allocation.catalog.models import SubAgent, TaskType
from allocation.display.format import usd, whole
from allocation.floors.models import ModelCeiling
from allocation.optimizer.costs import by_sub_agent, by_task_type, without_task_type
from allocation.optimizer.measure import Facts, read_facts
from allocation.optimizer.opportunities import (
    Opportunity,
    find_opportunities,
    guessed_sds_a_week,
    potential,
)
from allocation.optimizer.page import basis, summary
from allocation.optimizer.words import changes, quality
from allocation.policy.opportunities import Verdict
from allocation.reports.guard import review_results
from tests.factories import (
    NOW,
    BudgetRuleFactory,
    MeterFactory,
    ModelFloorFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
    TierFactory,
)
from tests.optimizer.conftest import Ran

pytestmark = pytest.mark.django_db


def facts() -> Facts:
    return read_facts(NOW, review_results)


def found() -> dict[tuple[str, str], Opportunity]:
    return {(each.sub_agent.code, each.phase.value): each for each in find_opportunities(facts())}


class TestWithoutUsage:
    def test_the_registered_runs_are_what_is_guessed_from(self) -> None:
        each = found()["DOCMON", "PLAN"]
        # 6,000 tokens: × 1.03 on sonnet, × 1.075 / 3 on haiku (2% and 5% of rework).
        assert each.per_sd.budget == Fraction("6180") - Fraction("2150")
        # 5,000 × $3 + 1,000 × 1.03 × $15, less 5,000 × $1 + 1,000 × 1.075 × $5.
        assert each.per_sd.usd == Decimal("0.03045") - Decimal("0.010375")
        assert each.per_week == each.per_sd.times(guessed_sds_a_week(facts()))
        assert basis(facts()).startswith("Nothing is measured yet: guessed from the registered")

    def test_a_week_of_guesses_fits_its_limit(self) -> None:
        # Each registered sub-agent once in each of its phases is a third of a million tokens.
        assert 1 < guessed_sds_a_week(facts()) < 2
        assert (potential(find_opportunities(facts())).budget or 0) < 500_000
        BudgetRuleFactory(limit=10_000_000)
        assert guessed_sds_a_week(facts()) == 7
        SubAgent.objects.update(active=False)
        assert guessed_sds_a_week(facts()) == 7

    def test_floors_that_never_give_way_are_not_in_it(self) -> None:
        places = set(found())
        assert ("VALIDATION", "LEAD") in places
        for place in (("SECURITY", "PLAN"), ("VALIDATION", "PLAN"), ("TESTING", "EXEC")):
            assert place not in places

    def test_what_promises_least_rework_comes_first(self) -> None:
        verdicts = [each.verdict for each in find_opportunities(facts())]
        assert verdicts == sorted(verdicts, key=list(Verdict).index)
        assert {Verdict.UNTRIED, Verdict.DOUBTFUL} == set(verdicts)
        assert quality(found()["DOCMON", "LEAD"]) == (
            "No run of it has ended there yet. Expected rework: 5% on haiku (target < 20%), 2% on "
            "sonnet. The research report found 83% passing on opus."
        )

    def test_a_low_pass_rate_asks_why_first(self) -> None:
        assert quality(found()["STORIES", "PLAN"]).endswith(
            "The research report found 0% passing on opus. Find out why before taking a tier away."
        )

    def test_a_floor_that_would_come_down_is_said(self) -> None:
        _, floor = changes(found()["VALIDATION", "LEAD"])
        assert floor == (
            "Its floor, sonnet (haiku under budget pressure), becomes haiku: under budget pressure "
            "the same work runs on haiku already."
        )


class TestWithUsage:
    def test_it_saves_what_the_runs_would_not_have_burned(self, ran: Ran) -> None:
        sds = StrategicDirectiveFactory.create_batch(2, phase="PLAN")
        for sd in sds:
            ran(2, sd=sd)
        each = found()["DOCMON", "PLAN"]
        # Of 24,000 there stay ⅓, more by the rework expected: 1.075 / 1.03.
        saved = 24_000 - 8_000 * Fraction("1.075") / Fraction("1.03")
        assert (each.measured, each.per_week.budget) == (True, saved)
        assert each.per_sd.budget == saved / 2
        assert set(found()) == {("DOCMON", "PLAN")}
        assert summary([each], facts()).startswith(
            "1 change could save about 16,000 budget tokens a week (3% of the limit), $0.08."
        )

    def test_a_week_is_the_least_that_is_averaged_over(self, ran: Ran) -> None:
        ran(2, at=NOW - timedelta(hours=3))
        ran(2, at=NOW - timedelta(days=21) + timedelta(hours=1))
        each = found()["DOCMON", "PLAN"]
        assert facts().weeks == 3
        assert whole(3 * (each.per_week.budget or 0)) == 15_650
        assert each.per_sd.budget is None

    def test_critical_runs_stay_and_so_does_their_share(self, ran: Ran) -> None:
        ran(1)
        ran(3, critical=True)
        each = found()["DOCMON", "PLAN"]
        assert each.move.share == Fraction(1, 4)
        assert changes(each)[-1] == "It would move 25% of what runs on a higher tier now."

    def test_runs_that_were_put_off_are_no_runs(self, ran: Ran) -> None:
        ran(1, outcome="defer", recommended=None)
        assert facts().runs == {}

    def test_only_reading_moves_above_a_floor_for_writing(self, ran: Ran) -> None:
        ran(3, sub_agent="DATABASE", phase="EXEC")
        assert found() == {}
        ran(1, sub_agent="DATABASE", phase="EXEC", read_only=True)
        each = found()["DATABASE", "EXEC"]
        assert "only work that reads and does not write moves" in changes(each)[1]

    def test_what_holds_already_is_no_opportunity(self, ran: Ran) -> None:
        ran(3)
        ceiling = ModelCeiling.objects.create(
            sub_agent=SubAgentFactory(code="DOCMON"), phase="PLAN", tier=TierFactory(name="haiku")
        )
        assert found() == {}
        ceiling.tier = TierFactory(name="sonnet")
        ceiling.save()
        assert "becomes haiku, sonnet until now" in changes(found()["DOCMON", "PLAN"])[0]

    def test_a_raised_floor_that_never_gives_way_takes_it_off_the_list(self, ran: Ran) -> None:
        ran(3)
        ModelFloorFactory(sub_agent=SubAgentFactory(code="DOCMON"), phase="PLAN")
        assert found() == {}

    def test_unregistered_and_retired_sub_agents_have_none(self, ran: Ran) -> None:
        ran(3, sub_agent="general-purpose")
        ran(3)
        SubAgentFactory(code="DOCMON", active=False)
        assert found() == {}

    def test_without_a_price_for_the_lower_tier_nothing_is_promised(self, ran: Ran) -> None:
        ran(1)
        TierFactory(name="haiku", weighed_as=None)
        # Dollars are unknown, and unweighed a token of haiku counts as much as one of sonnet.
        assert found() == {}

    def test_where_every_token_weighs_the_same_only_dollars_are_saved(self, ran: Ran) -> None:
        ran(1)
        BudgetRuleFactory(meter=MeterFactory(name="fresh tokens", weighting="flat"))
        each = found()["DOCMON", "PLAN"]
        assert (each.per_week.budget or 0) < 0 < (each.per_week.usd or 0)


class TestQuality:
    def test_enough_runs_say_that_it_holds(self, ran: Ran) -> None:
        ran(10, tier="sonnet", result="passed", at=NOW - timedelta(days=4))
        ran(10, tier="haiku", result="passed")
        each = found()["DOCMON", "PLAN"]
        assert (each.verdict, quality(each)) == (
            Verdict.HOLDS,
            "100% of 10 runs passed on haiku, against 100% of 10 runs on sonnet.",
        )

    def test_and_that_it_does_not(self, ran: Ran) -> None:
        ran(10, tier="sonnet", result="passed", at=NOW - timedelta(days=4))
        ran(6, tier="haiku", result="passed")
        ran(4, tier="haiku", result="rework")
        each = found()["DOCMON", "PLAN"]
        assert each.verdict is Verdict.NO
        assert quality(each) == (
            "60% of 10 runs passed on haiku, against 100% of 10 runs on sonnet. "
            "40% had to be done again."
        )
        assert potential([each]).budget == 0
        assert summary([each], facts()).startswith("No sub-agent could run a tier lower")

    def test_fewer_runs_say_how_many_are_missing(self, ran: Ran) -> None:
        ran(3, tier="haiku", result="passed")
        ran(3)
        each = quality(found()["DOCMON", "PLAN"])
        assert each.startswith("3 of the 10 runs that tell ended on haiku.")


class TestCosts:
    def test_the_reports_tables_stand_on_a_new_database(self) -> None:
        tables = {each.name: each for each in by_task_type(facts())}
        assert len(tables) == 8
        for name, expected in (
            ("Code generation", ["$0.08", "$0.20", "$0.31"]),
            ("Security review", ["$0.15", "$0.34", "$0.48"]),
        ):
            assert [usd(cost.dollars) for cost in tables[name].costs] == expected
            assert tables[name].agreed is None

    def test_every_sub_agent_that_ships_has_a_kind_of_work(self) -> None:
        assert without_task_type(facts()) == []
        assert not SubAgent.objects.filter(task_type=None).exists()
        assert len(by_sub_agent(facts())) == 16

    def test_a_sub_agent_says_what_lies_below_its_floor(self) -> None:
        least = {each.name: each.least and each.least.name for each in by_sub_agent(facts())}
        assert (least["SECURITY"], least["VALIDATION"], least["DOCMON"]) == (
            "opus",
            "haiku",
            "haiku",
        )

    def test_runs_count_for_the_sub_agent_and_for_its_kind_of_work(self, ran: Ran) -> None:
        ran(15, tier="haiku", result="passed", sub_agent="STORIES")
        ran(5, tier="haiku", result="rework", sub_agent="QUICKFIX", phase="EXEC")
        by_type = {each.name: each.costs[0].rate for each in by_task_type(facts())}
        assert (by_type["Code generation"].n, by_type["Code generation"].rework) == (20, 5)
        rate = next(each for each in by_sub_agent(facts()) if each.name == "STORIES").costs[0].rate
        assert (rate.n, rate.expected) == (15, Fraction(5, 35))

    def test_a_kind_of_work_without_a_guess_is_not_compared(self) -> None:
        new = TaskType.objects.create(slug="new", name="New")
        SubAgentFactory(code="NEWCOMER", task_type=new)
        assert without_task_type(facts()) == ["NEWCOMER"]
        assert "New" not in {each.name for each in by_task_type(facts())}
