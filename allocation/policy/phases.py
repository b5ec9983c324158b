"""Phases of a strategic directive and the checkpoints between them."""

from enum import StrEnum

from allocation.policy.errors import RuleError


class Phase(StrEnum):
    """Where a strategic directive stands: LEAD, then PLAN, then EXEC."""

    LEAD = "LEAD"
    PLAN = "PLAN"
    EXEC = "EXEC"


class CheckpointKind(StrEnum):
    """The logged moments in the life of a strategic directive."""

    START = "sd_start_lead"
    LEAD_TO_PLAN = "lead_to_plan"
    PLAN_TO_EXEC = "plan_to_exec"
    EXEC_TO_PLAN = "exec_to_plan"
    COMPLETION = "sd_completion"

    @property
    def is_handover(self) -> bool:
        """True where one phase ends and the next begins: tokens must be logged then."""
        return self in _HANDOVERS

    @property
    def label(self) -> str:
        """What it is called where people read it."""
        return _LABELS[self]

    @property
    def phase_after(self) -> Phase | None:
        """The phase that the directive is in once this is logged; None once it is complete."""
        return _PHASE_AFTER[self]


_HANDOVERS = {
    CheckpointKind.LEAD_TO_PLAN: (Phase.LEAD, Phase.PLAN),
    CheckpointKind.PLAN_TO_EXEC: (Phase.PLAN, Phase.EXEC),
    CheckpointKind.EXEC_TO_PLAN: (Phase.EXEC, Phase.PLAN),
}

_LABELS = {
    CheckpointKind.START: "SD start (LEAD)",
    CheckpointKind.LEAD_TO_PLAN: "LEAD to PLAN",
    CheckpointKind.PLAN_TO_EXEC: "PLAN to EXEC",
    CheckpointKind.EXEC_TO_PLAN: "EXEC to PLAN",
    CheckpointKind.COMPLETION: "SD completion",
}

_PHASE_AFTER: dict[CheckpointKind, Phase | None] = {
    CheckpointKind.START: Phase.LEAD,
    CheckpointKind.LEAD_TO_PLAN: Phase.PLAN,
    CheckpointKind.PLAN_TO_EXEC: Phase.EXEC,
    CheckpointKind.EXEC_TO_PLAN: Phase.PLAN,
    CheckpointKind.COMPLETION: None,
}


def handover(before: Phase, after: Phase) -> CheckpointKind:
    """The checkpoint for passing from one phase to another. Raises RuleError if there is none."""
    for kind, pair in _HANDOVERS.items():
        if pair == (before, after):
            return kind
    raise RuleError(
        f"There is no hand-over from {before} to {after}: "
        "it goes LEAD to PLAN, PLAN to EXEC, or EXEC back to PLAN."
    )


def phase_burned(kind: CheckpointKind, current: Phase | None) -> Phase:
    """The phase whose tokens a checkpoint reports: the one that it ends."""
    if kind in _HANDOVERS:
        return _HANDOVERS[kind][0]
    if kind is CheckpointKind.START:
        return Phase.LEAD
    return current or Phase.EXEC


def next_kind(current: Phase | None, completed_exec: bool) -> CheckpointKind:
    """The checkpoint that usually comes next for a directive in phase `current`.

    `completed_exec` says that EXEC has been passed already, so that PLAN now verifies.
    """
    if current is None:
        return CheckpointKind.START
    if current is Phase.LEAD:
        return CheckpointKind.LEAD_TO_PLAN
    if current is Phase.PLAN and not completed_exec:
        return CheckpointKind.PLAN_TO_EXEC
    return CheckpointKind.COMPLETION
