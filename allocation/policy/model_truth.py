"""Model truth: what was asked for, what was recommended, and what really ran.

Harnesses sometimes run another model than the one asked for, without a word. Each run falls into
one class (`Truth`), which says what explains a difference between the three; `silent_mismatch` is
the class of runs where nothing does.
"""

from enum import StrEnum

from allocation.policy.tiers import Tier


class Truth(StrEnum):
    """How a run stands to its recommendation."""

    FOLLOWED = "followed"
    OVERRIDE = "override"
    FLOOR_RAISE = "floor_raise"
    SILENT_MISMATCH = "silent_mismatch"
    UNKNOWN = "unknown"


def model_truth(
    *,
    recommended: Tier | None,
    requested: Tier | None,
    observed: Tier | None,
    floor: Tier,
    forced: bool = False,
    reason: str = "",
) -> Truth:
    """The class of one run.

    `recommended` is None for a run that was put off, `requested` where nobody asked for a tier,
    `observed` while nobody has seen the run or its model belongs to no tier: unknown stays
    unknown. `floor` is the tier that held as the least, `forced` whether the Chairman's override
    acted, `reason` why the one who ran it departed from the recommendation.
    """
    if observed is None:
        return Truth.UNKNOWN
    if observed != recommended:
        return Truth.OVERRIDE if reason.strip() else Truth.SILENT_MISMATCH
    if requested is None or requested == recommended:
        return Truth.FOLLOWED
    if forced:
        return Truth.OVERRIDE
    if requested < floor:
        return Truth.FLOOR_RAISE
    return Truth.FOLLOWED


def departs(*, recommended: Tier | None, observed: Tier | None) -> bool:
    """Whether a run is known to have used another tier than the one recommended.

    A run that was put off and ran all the same departs too.
    """
    return observed is not None and observed != recommended
