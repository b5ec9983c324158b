"""The report's six SDs (its step 3) as the demo loads them, and the one that is next (its step 9).

Three lie in the two weeks before the running one and were logged by hand, as the report's were.
Three lie in the running week and were reported run by run, so that it stands as on the report's
Mission Control screen: 360k of 500k budget tokens, TESTING 92k, DATABASE 78k, VALIDATION 65k,
SECURITY 60k, DESIGN 32k, STORIES 18k, DOCMON 10k, others 5k. The last two of them are those of the
report's week-1 log (its step 11).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from allocation.directives.operations import SdFacts
from allocation.policy.phases import Phase

NOTE = "Demo, from the research report."


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase of an SD. It ends when `until` of the time at hand has passed.

    `tokens` are fresh ones. Where there are runs (sub-agent, tier, tokens) they add up to it; a
    stage without was logged by hand with a `mix`.
    """

    phase: Phase
    tokens: int
    until: float
    mix: dict[str, int]
    runs: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DemoSd:
    """One of the report's SDs. A week of 0 is the running one, 1 the one before."""

    facts: SdFacts
    week: int
    stages: tuple[Stage, ...]
    rework_cycles: int
    lines: int
    note: str = NOTE


def _sd(code: str, title: str, complexity: int, estimate: int | None = None) -> SdFacts:
    return SdFacts(code=code, title=title, complexity=complexity, estimate=estimate)


SONNET = {"sonnet": 100}
SONNET_AND_OPUS = {"sonnet": 70, "opus": 30}
WEEK_ONE = f"{NOTE} In its week-1 log."

# Tokens are split over the phases as in the report's typical SD: LEAD 25, PLAN 50, EXEC 65.
SDS: Sequence[DemoSd] = (
    DemoSd(
        _sd("SD-VERIFY-LADDER-001", "Gate 0 static analysis", 4),
        week=2,
        stages=(
            Stage(Phase.PLAN, 48_000, 0.20, SONNET_AND_OPUS),
            Stage(Phase.EXEC, 62_000, 0.45, SONNET_AND_OPUS),
        ),
        rework_cycles=2,
        lines=420,
    ),
    DemoSd(
        _sd("SD-EFFORT-POLICY-001", "Table integration, policy system", 3),
        week=2,
        stages=(
            Stage(Phase.PLAN, 30_000, 0.60, SONNET),
            Stage(Phase.EXEC, 40_000, 0.85, SONNET),
        ),
        rework_cycles=1,
        lines=160,
    ),
    DemoSd(
        _sd("SD-QUALITY-GATE-001", "Gate reweighting, unit test integration", 4, 124_000),
        week=1,
        stages=(
            Stage(Phase.PLAN, 52_000, 0.30, SONNET_AND_OPUS),
            Stage(Phase.EXEC, 68_000, 0.70, SONNET_AND_OPUS),
        ),
        rework_cycles=2,
        lines=380,
    ),
    DemoSd(
        _sd("SD-VERIFY-LADDER-002", "Gate 1 unit test integration", 3),
        week=0,
        stages=(
            Stage(
                Phase.PLAN,
                39_000,
                0.12,
                SONNET,
                (
                    ("DATABASE", "sonnet", 12_000),
                    ("DESIGN", "sonnet", 17_000),
                    ("STORIES", "sonnet", 6_000),
                    ("DOCMON", "sonnet", 4_000),
                ),
            ),
            Stage(
                Phase.EXEC,
                51_000,
                0.30,
                SONNET,
                (
                    ("TESTING", "sonnet", 36_000),
                    ("DATABASE", "sonnet", 12_000),
                    ("DESIGN", "sonnet", 3_000),
                ),
            ),
        ),
        rework_cycles=1,
        lines=190,
    ),
    DemoSd(
        _sd("SD-MODEL-OPTIMIZATION", "Model routing updates, agent config changes", 3, 82_000),
        week=0,
        stages=(
            Stage(
                Phase.PLAN,
                35_000,
                0.40,
                SONNET,
                (
                    ("DATABASE", "sonnet", 14_000),
                    ("DESIGN", "sonnet", 10_000),
                    ("STORIES", "sonnet", 7_000),
                    ("DOCMON", "sonnet", 4_000),
                ),
            ),
            Stage(
                Phase.EXEC,
                45_000,
                0.55,
                SONNET,
                (
                    ("TESTING", "sonnet", 30_000),
                    ("DATABASE", "sonnet", 12_000),
                    ("DESIGN", "sonnet", 2_000),
                    ("GITHUB", "sonnet", 1_000),
                ),
            ),
        ),
        rework_cycles=1,
        lines=180,
        note=WEEK_ONE,
    ),
    DemoSd(
        _sd("SD-VISION-TRANSITION-001B", "Database cleanup, multi-file schema changes", 4, 145_000),
        week=0,
        stages=(
            Stage(
                Phase.LEAD,
                27_000,
                0.64,
                SONNET,
                (
                    ("VALIDATION", "sonnet", 25_000),
                    ("GITHUB", "sonnet", 2_000),
                ),
            ),
            Stage(
                Phase.PLAN,
                53_000,
                0.78,
                {"sonnet": 32, "opus": 68},
                (
                    ("VALIDATION", "opus", 24_000),
                    ("SECURITY", "opus", 12_000),
                    ("DATABASE", "sonnet", 10_000),
                    ("STORIES", "sonnet", 5_000),
                    ("DOCMON", "sonnet", 2_000),
                ),
            ),
            Stage(
                Phase.EXEC,
                70_000,
                0.96,
                {"sonnet": 66, "opus": 34},
                (
                    ("SECURITY", "opus", 24_000),
                    ("TESTING", "sonnet", 26_000),
                    ("DATABASE", "sonnet", 18_000),
                    ("RETRO", "sonnet", 2_000),
                ),
            ),
        ),
        rework_cycles=2,
        lines=460,
        note=WEEK_ONE,
    ),
)
NEXT = _sd("SD-PERF-OPT-001", "Bundle size and load time", 3, 85_000)
