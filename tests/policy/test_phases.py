"""Phases of a strategic directive and the checkpoints between them."""

from itertools import pairwise, product

import pytest

from allocation.policy.errors import RuleError
from allocation.policy.phases import CheckpointKind, Phase, handover, next_kind, phase_burned

LEAD, PLAN, EXEC = Phase
START, LEAD_TO_PLAN, PLAN_TO_EXEC, EXEC_TO_PLAN, COMPLETION = CheckpointKind

HANDOVERS = {(LEAD, PLAN): LEAD_TO_PLAN, (PLAN, EXEC): PLAN_TO_EXEC, (EXEC, PLAN): EXEC_TO_PLAN}
NO_HANDOVER = sorted(set(product(Phase, Phase)) - HANDOVERS.keys())


def test_checkpoints_go_by_the_report_s_names() -> None:
    names = ["sd_start_lead", "lead_to_plan", "plan_to_exec", "exec_to_plan", "sd_completion"]
    assert [kind.value for kind in CheckpointKind] == names


@pytest.mark.parametrize(
    ("kind", "is_handover"),
    [
        (START, False),
        (LEAD_TO_PLAN, True),
        (PLAN_TO_EXEC, True),
        (EXEC_TO_PLAN, True),
        (COMPLETION, False),
    ],
)
def test_tokens_must_be_logged_between_phases(kind: CheckpointKind, is_handover: bool) -> None:
    assert kind.is_handover is is_handover


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        (START, LEAD),
        (LEAD_TO_PLAN, PLAN),
        (PLAN_TO_EXEC, EXEC),
        (EXEC_TO_PLAN, PLAN),
        (COMPLETION, None),
    ],
)
def test_a_checkpoint_leads_into_a_phase(kind: CheckpointKind, phase: Phase | None) -> None:
    assert kind.phase_after is phase


@pytest.mark.parametrize(("pair", "kind"), HANDOVERS.items())
def test_three_handovers_join_the_phases(pair: tuple[Phase, Phase], kind: CheckpointKind) -> None:
    assert handover(*pair) is kind


@pytest.mark.parametrize(("before", "after"), NO_HANDOVER)
def test_no_other_handover_exists(before: Phase, after: Phase) -> None:
    with pytest.raises(RuleError, match=f"no hand-over from {before} to {after}: it goes LEAD to"):
        handover(before, after)


@pytest.mark.parametrize("current", [None, *Phase])
@pytest.mark.parametrize(
    ("kind", "burned"),
    [(START, LEAD), (LEAD_TO_PLAN, LEAD), (PLAN_TO_EXEC, PLAN), (EXEC_TO_PLAN, EXEC)],
)
def test_a_checkpoint_reports_the_tokens_of_the_phase_it_ends(
    kind: CheckpointKind, burned: Phase, current: Phase | None
) -> None:
    assert phase_burned(kind, current) is burned


@pytest.mark.parametrize(
    ("current", "burned"), [(None, EXEC), (LEAD, LEAD), (PLAN, PLAN), (EXEC, EXEC)]
)
def test_completion_reports_the_tokens_of_the_phase_it_is_in(
    current: Phase | None, burned: Phase
) -> None:
    assert phase_burned(COMPLETION, current) is burned


@pytest.mark.parametrize(
    ("current", "completed_exec", "kind"),
    [
        (None, False, START),
        (None, True, START),
        (LEAD, False, LEAD_TO_PLAN),
        (LEAD, True, LEAD_TO_PLAN),
        (PLAN, False, PLAN_TO_EXEC),
        (PLAN, True, COMPLETION),
        (EXEC, False, COMPLETION),
        (EXEC, True, COMPLETION),
    ],
)
def test_the_usual_next_checkpoint_follows_from_the_phase(
    current: Phase | None, completed_exec: bool, kind: CheckpointKind
) -> None:
    assert next_kind(current, completed_exec) is kind


def test_following_the_usual_checkpoints_completes_a_directive() -> None:
    path: list[CheckpointKind] = []
    phase: Phase | None = None
    while COMPLETION not in path:
        path.append(next_kind(phase, completed_exec=False))
        phase = path[-1].phase_after
    assert path == [START, LEAD_TO_PLAN, PLAN_TO_EXEC, COMPLETION]


def test_every_handover_ends_the_phase_that_came_before() -> None:
    way = [LEAD, PLAN, EXEC, PLAN]
    kinds = [handover(before, after) for before, after in pairwise(way)]
    assert [phase_burned(kind, None) for kind in kinds] == way[:-1]
    assert [kind.phase_after for kind in kinds] == way[1:]
