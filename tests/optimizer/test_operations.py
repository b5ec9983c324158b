"""Changes applied and undone: what budgetctl recommends then, what is recorded, what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from allocation.audit.models import AuditEntry
from allocation.catalog.models import Tier
from allocation.decisions.situation import situation_at
from allocation.floors.models import ModelCeiling, ModelFloor
from allocation.floors.operations import raise_floor
from allocation.optimizer.measure import read_facts
from allocation.optimizer.models import AppliedChange
from allocation.optimizer.operations import apply_opportunity, undo_change
from allocation.optimizer.opportunities import Opportunity, find_opportunities
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task
from allocation.reports.guard import review_results
from tests.factories import NOW, SubAgentFactory, TierFactory
from tests.optimizer.conftest import Ran

pytestmark = pytest.mark.django_db

LEAD, PLAN = Phase.LEAD, Phase.PLAN
WHY = {"reason": "Template work.", "actor": "chairman", "now": NOW}


def opportunity(sub_agent: str = "DOCMON", phase: Phase = PLAN) -> Opportunity:
    facts = read_facts(NOW, review_results)
    return next(
        each
        for each in find_opportunities(facts)
        if (each.sub_agent.code, each.phase) == (sub_agent, phase)
    )


def apply(each: Opportunity, **options: object) -> AppliedChange:
    meter = read_facts(NOW, review_results).meter
    return apply_opportunity(opportunity=each, meter=meter, **{**WHY, **options})  # type: ignore[arg-type]


def recommended(sub_agent: str = "DOCMON", phase: Phase = PLAN, complexity: int = 3) -> str:
    answer = situation_at(NOW).answer(Task(sub_agent, phase, complexity))
    assert answer.tier is not None
    return answer.tier.name


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_budgetctl_recommends_the_lower_tier_once_it_is_applied(ran: Ran) -> None:
    ran(10)
    assert recommended() == "sonnet"
    change = apply(opportunity())
    assert (recommended(), recommended(complexity=5)) == ("haiku", "haiku")
    assert recommended(phase=LEAD) == "sonnet"
    assert (change.from_tier.name, change.to_tier.name) == ("sonnet", "haiku")
    assert (change.quality, change.meter) == ("not tried enough", "sonnet-equivalent")
    change.refresh_from_db()
    assert change.per_week == Decimal("39126.213592")
    assert change.usd_per_week == Decimal("0.197816")
    assert actions() == ["ceiling creation", "optimisation application"]
    entry = AuditEntry.objects.get(action="optimisation application")
    assert (entry.subject, entry.reason) == ("optimisation DOCMON, PLAN", "Template work.")


def test_a_floor_that_gives_way_comes_down_with_it_and_goes_back_up() -> None:
    before = list(ModelFloor.objects.order_by("pk").values())
    change = apply(opportunity("VALIDATION", LEAD))
    assert (recommended("VALIDATION", LEAD), recommended("VALIDATION", LEAD, 1)) == ("haiku",) * 2
    assert recommended("VALIDATION", PLAN) == "opus"
    assert change.floor_before is not None
    assert change.floor_before["relaxed"] == "haiku"
    assert undo_change(change=change, **WHY | {"reason": "More rework."}) == []  # type: ignore[arg-type]
    assert recommended("VALIDATION", LEAD) == "sonnet"
    assert list(ModelFloor.objects.order_by("pk").values()) == before
    assert actions() == [
        "ceiling creation",
        "floor change",
        "optimisation application",
        "ceiling deletion",
        "floor change",
        "optimisation undo",
    ]


def test_a_floor_for_all_phases_is_left_to_the_others() -> None:
    sub_agent = SubAgentFactory(code="DOCMON")
    ModelFloor.objects.create(
        sub_agent=sub_agent,
        tier=TierFactory(name="sonnet"),
        gives_way="under_pressure",
        relaxed_tier=TierFactory(name="haiku"),
    )
    change = apply(opportunity())
    assert (recommended(complexity=1), recommended(phase=LEAD, complexity=1)) == ("haiku", "sonnet")
    undo_change(change=change, **WHY)  # type: ignore[arg-type]
    assert ModelFloor.objects.filter(sub_agent=sub_agent).count() == 1
    assert recommended(complexity=1) == "sonnet"


def test_the_ceiling_before_comes_back(ran: Ran) -> None:
    ran(3)
    ceiling = ModelCeiling.objects.create(
        sub_agent=SubAgentFactory(code="DOCMON"),
        phase="PLAN",
        tier=TierFactory(name="sonnet"),
        rationale="No opus.",
    )
    change = apply(opportunity())
    undo_change(change=change, **WHY)  # type: ignore[arg-type]
    ceiling.refresh_from_db()
    assert (ceiling.tier.name, ceiling.rationale) == ("sonnet", "No opus.")


def test_what_somebody_changed_since_stays() -> None:
    change = apply(opportunity("VALIDATION", LEAD))
    sub_agent = SubAgentFactory(code="VALIDATION")
    raise_floor(sub_agent=sub_agent, phase="LEAD", tier=TierFactory(name="opus"), **WHY)  # type: ignore[arg-type]
    assert undo_change(change=change, **WHY) == ["floor"]  # type: ignore[arg-type]
    assert recommended("VALIDATION", LEAD) == "opus"
    assert not ModelCeiling.objects.exists()


def test_a_ceiling_that_was_moved_by_hand_stays_and_blocks_a_second_apply() -> None:
    each = opportunity()
    change = apply(each)
    ModelCeiling.objects.all().delete()
    with pytest.raises(RuleError, match="Undo it first"):
        apply(opportunity())
    assert undo_change(change=change, **WHY) == ["ceiling"]  # type: ignore[arg-type]
    assert apply(opportunity()).pk != change.pk


def test_a_later_change_is_undone_first(ran: Ran) -> None:
    ran(3, complexity=5, tier="opus")
    first = apply(opportunity())
    assert (first.to_tier.name, recommended(complexity=5)) == ("sonnet", "sonnet")
    ran(9, complexity=5)
    second = apply(opportunity())
    assert second.to_tier.name == "haiku"
    with pytest.raises(RuleError, match="undo that one first"):
        undo_change(change=first, **WHY)  # type: ignore[arg-type]
    undo_change(change=second, **WHY)  # type: ignore[arg-type]
    assert recommended(complexity=5) == "sonnet"
    undo_change(change=first, **WHY)  # type: ignore[arg-type]
    assert recommended(complexity=5) == "opus"


def test_what_is_refused_changes_nothing(ran: Ran) -> None:
    each = opportunity()
    with pytest.raises(RuleError, match="Say why"):
        apply(each, reason="  ")
    raise_floor(
        sub_agent=each.sub_agent, phase="PLAN", tier=TierFactory(name="sonnet"), **WHY  # type: ignore[arg-type]
    )  # fmt: skip
    with pytest.raises(RuleError, match="changed in the meantime"):
        apply(each)
    ran(6, tier="haiku", result="passed", phase="LEAD")
    ran(4, tier="haiku", result="rework", phase="LEAD")
    ran(1, phase="LEAD")
    with pytest.raises(RuleError, match="Quality says no"):
        apply(opportunity(phase=LEAD))
    assert not ModelCeiling.objects.exists()
    assert not AppliedChange.objects.exists()


def test_an_undo_needs_a_reason_and_happens_once() -> None:
    change = apply(opportunity())
    with pytest.raises(RuleError, match="Say why"):
        undo_change(change=change, reason=" ", actor="chairman", now=NOW)
    undo_change(change=change, **WHY)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="undone already, by chairman"):
        undo_change(change=change, **WHY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "columns",
    [
        {"reason": ""},
        {"from_tier": "haiku"},
        {"undone_at": NOW},
        {"undone_at": NOW, "undone_by": "chairman"},
    ],
)
def test_the_database_refuses_what_cannot_be(columns: dict[str, object]) -> None:
    change = apply(opportunity())
    for name, value in columns.items():
        tier = Tier.objects.get(name=value) if name == "from_tier" else None
        setattr(change, name, tier or value)
    with pytest.raises(IntegrityError), transaction.atomic():
        change.save()


def test_one_change_of_a_kind_stands_in_one_place() -> None:
    change = apply(opportunity())
    change.pk, change.at = None, NOW + timedelta(days=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        change.save()
