"""Rule 4: what is proposed for deferral, what pauses in mid-SD, and the order of a queue."""

from decimal import Decimal

import pytest

from allocation.policy.deferral import (
    Pending,
    is_to_pause,
    moved,
    probably_runs_out,
    proposed_deferrals,
)
from allocation.policy.errors import RuleError
from allocation.policy.recommend import Outcome, paused, stopped
from allocation.policy.tiers import HAIKU, SONNET

LOW = Pending("SD-LOW", low_priority=True, critical=False)
LOW_2 = Pending("SD-LOW-2", low_priority=True, critical=False)
NORMAL = Pending("SD-NORMAL", low_priority=False, critical=False)
CRITICAL = Pending("SD-CRITICAL", low_priority=False, critical=True)
BOTH = Pending("SD-BOTH", low_priority=True, critical=True)


@pytest.mark.parametrize(
    ("chance", "probable"),
    [
        (None, False),
        (Decimal(0), False),
        (Decimal("0.4999"), False),
        (Decimal("0.5"), True),
        (Decimal(1), True),
    ],
)
def test_a_week_probably_runs_out_from_one_chance_in_two(
    chance: Decimal | None, probable: bool
) -> None:
    assert probably_runs_out(chance) is probable


@pytest.mark.parametrize(
    ("pending", "chance", "proposed"),
    [
        ([LOW, NORMAL, CRITICAL, LOW_2], "0.5", ["SD-LOW", "SD-LOW-2"]),
        ([LOW, CRITICAL], "0.49", []),  # the week will probably hold
        ([LOW, NORMAL], "0.9", []),  # nothing critical would gain by it
        ([NORMAL, CRITICAL], "0.9", []),  # nothing of low priority
        ([BOTH, LOW], "0.9", ["SD-LOW"]),  # critical work of low priority is critical
        ([BOTH], "0.9", []),
        ([], "1", []),
    ],
)
def test_low_priorities_give_way_to_what_is_critical(
    pending: list[Pending], chance: str, proposed: list[str]
) -> None:
    assert proposed_deferrals(pending, chance=Decimal(chance)) == proposed


def test_without_a_forecast_nothing_is_proposed() -> None:
    assert proposed_deferrals([LOW, CRITICAL], chance=None) == []


@pytest.mark.parametrize(
    ("burned", "approved", "pauses"),
    [
        (0, None, True),
        (10, None, True),
        (99, 100, False),
        (100, 100, True),  # exactly all of it is used up
        (101, 100, True),
    ],
)
def test_in_an_exhausted_week_an_sd_pauses_once_its_approval_is_used_up(
    burned: int, approved: int | None, pauses: bool
) -> None:
    assert is_to_pause(burned=burned, approved_up_to=approved) is pauses


@pytest.mark.parametrize(
    ("item", "up", "order"),
    [
        (2, True, [2, 1, 3]),
        (2, False, [1, 3, 2]),
        (3, True, [1, 3, 2]),
        (1, False, [2, 1, 3]),
        (1, True, [1, 2, 3]),
        (3, False, [1, 2, 3]),
    ],
)
def test_an_item_moves_one_place_and_not_past_the_end(
    item: int, up: bool, order: list[int]
) -> None:
    assert moved([1, 2, 3], item, up=up) == order


def test_what_is_not_in_the_queue_cannot_move() -> None:
    with pytest.raises(RuleError, match="does not wait"):
        moved([1], 2, up=True)


def test_a_paused_and_a_stopped_sd_say_why_and_what_to_do() -> None:
    answer = paused("SD-X", preferred=SONNET, floor=HAIKU)
    assert (answer.outcome, answer.tier) == (Outcome.PAUSE, None)
    assert answer.reason == (
        "SD-X is paused: the week’s budget ran out in mid-SD. Stop here; it goes on when the "
        "Chairman approves tokens for it."
    )
    answer = stopped("SD-X", preferred=SONNET, floor=HAIKU)
    assert (answer.outcome, answer.tier) == (Outcome.PAUSE, None)
    assert "no run of it is allowed" in answer.reason
