"""The shape of what answers.py says, for the contract that openapi.json is.

Moments are UTC. Keys are a promise to scripts: add to them, never rename.
"""

from typing import Any

# Before Python 3.12 pydantic, which writes the contract, takes no other TypedDict.
from typing_extensions import TypedDict


class Step(TypedDict):
    """One rule on the way to an answer, and the tier that it left; null if it put the run off."""

    rule: str
    tier: str | None
    sentence: str


class Run(TypedDict):
    """A run and the rules' answer. `outcome` is use, defer, pause, or off while budgetctl is;
    `model` is the tier, null for a run that is put off. `decision` is the number to report its
    outcome under, null for a what-if."""

    decision: int | None
    sub_agent: str
    phase: str
    complexity: int
    critical: bool
    read_only: bool
    sd: str | None
    zone: str
    outcome: str
    model: str | None
    floor: str
    preferred: str
    reason: str


class Recommended(Run):
    """What a run may use; `path` is how the rules came to it."""

    path: list[Step]


class RequestsCounted(TypedDict):
    """What became of reported requests. Those of `unknown_models` are counted, and their price is
    unknown; those of `unknown_sds` are counted for no SD."""

    new: int
    improved: int
    unchanged: int
    unknown_models: list[str]
    unknown_sds: list[str]


class Decided(Run):
    """A decision with what became of it. `mismatch` is followed, override, floor_raise,
    silent_mismatch or unknown; `override` the number of the override that it followed."""

    at: str
    actor: str
    override: int | None
    requested: str | None
    observed: str | None
    mismatch: str
    override_reason: str | None
    result: str | None
    session: str | None
    agent: str | None


class Decisions(TypedDict):
    """A page of decisions; `next` is the `before` of the one that follows."""

    decisions: list[Decided]
    next: int | None


class Sd(TypedDict):
    """An SD. `estimate` is in fresh tokens."""

    sd: str
    title: str
    complexity: int
    priority: str
    critical: bool
    estimate: int | None
    status: str
    phase: str | None
    deferral_reason: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None


class Sds(TypedDict):
    """A page of SDs; `next` is the `before` of the one that follows."""

    sds: list[Sd]
    next: int | None


class CheckpointKept(TypedDict):
    """A checkpoint. `sd_status` and `sd_phase` are the SD's now; `state` is the budget as it stood
    then, under the keys of the research report."""

    checkpoint: int
    sd: str
    kind: str
    phase: str
    at: str
    tokens: int | None
    mix: dict[str, int]
    rework_cycles: int
    lines_modified: int | None
    note: str
    submission: str
    sd_status: str
    sd_phase: str | None
    state: dict[str, Any]


class QualityKept(TypedDict):
    """A review, a test run or a security check."""

    event: int
    kind: str
    at: str
    passed: int
    failed: int
    sd: str | None
    sub_agent: str | None
    phase: str | None
    tier: str | None
    note: str
    actor: str
