"""audit: the last SDs, and how well the rules fit."""

from collections.abc import Callable
from datetime import timedelta

from allocation.directives.models import Status
from tests.cli.conftest import Cli
from tests.factories import (
    NOW,
    DecisionFactory,
    OverrideFactory,
    SdTokenLogFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
)


def test_without_any_sd_nothing_is_judged(cli: Cli) -> None:
    ran = cli("audit")
    assert ran.code == 0
    assert "No SD has started yet." in ran.out
    assert ran.out.count("no data yet") == 2
    found = cli("audit", "--json").json
    assert found["sds"] == []
    assert found["override_rate"] == {
        "count": 0,
        "of": 0,
        "percent": None,
        "band": "no data yet",
        "words": "no data yet",
    }


def test_an_sd_as_the_report_shows_it(cli: Cli, burn: Callable[..., None]) -> None:
    sd = StrategicDirectiveFactory(
        code="SD-VISION-001B", complexity=4, estimate=100_000, phase="EXEC"
    )
    SdTokenLogFactory(sd=sd, rework_cycles=1)
    burn(90_000, sd=sd, cache_read=1_000_000)
    burn(60_000, sd=sd, model="claude-opus-4-5")
    override = OverrideFactory(sub_agent=SubAgentFactory(code="DOCMON"))
    DecisionFactory(sd=sd, sub_agent="DOCMON", phase="LEAD", override=override)
    DecisionFactory.create_batch(19, sd=sd)
    out = cli("audit").out
    for said in (
        "SD-VISION-001B (complexity 4/5, in EXEC)",
        "Models      60% sonnet, 40% opus",
        "Tokens      150,000 (so far 50% above the estimate of 100,000)",
        "Rework      yes, 1 cycle\n",
        "Override    DOCMON used sonnet in LEAD (A release depends on it.)",
        "▲ watch: 1 of 20 decisions (5%); needs tuning",
        "◆ off target: 1 of 1 SDs (100%)",
        "no record yet",
    ):
        assert said in out
    assert max(map(len, out.splitlines())) <= 80
    (found,) = cli("audit", "--json").json["sds"]
    assert found == {
        "sd": "SD-VISION-001B",
        "complexity": 4,
        "status": "in_progress",
        "started_at": "2026-11-17T20:00:00Z",
        "completed_at": None,
        "tokens": 150_000,
        "tokens_by_tier": {"sonnet": 90_000, "opus": 60_000},
        "estimate": 100_000,
        "percent_against_estimate": 50.0,
        "rework_cycles": 1,
        "decisions": 20,
        "overrides": ["DOCMON used sonnet in LEAD (A release depends on it.)"],
    }


def test_rework_without_a_tier_to_judge_it_by_is_counted_and_not_judged(cli: Cli) -> None:
    SdTokenLogFactory(sd=StrategicDirectiveFactory(phase="PLAN"), model_distribution={})
    said = "Rework      – 0 of 1 SDs (0%); not judged: no tier that has a target is known"
    assert said in cli("audit").out


def test_a_run_that_departed_counts_as_overridden(cli: Cli) -> None:
    sd = StrategicDirectiveFactory(phase="EXEC")
    DecisionFactory(sd=sd, observed="claude-opus-4-5", override_reason="Third try")
    rate = cli("audit", "--json").json["override_rate"]
    assert (rate["count"], rate["of"], rate["words"]) == (1, 1, "rules too strict")


def test_the_last_ten_that_started_the_latest_first(cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-WAITS")
    for number in range(12):
        StrategicDirectiveFactory(
            code=f"SD-{number:02}",
            status=Status.COMPLETED,
            started_at=NOW - timedelta(days=40),
            completed_at=NOW - timedelta(days=number),
        )
    found = [row["sd"] for row in cli("audit", "--json").json["sds"]]
    assert found == [f"SD-{number:02}" for number in range(10)]
    assert len(cli("audit", "--last", "12", "--json").json["sds"]) == 12
    assert cli("audit", "--last", "0").code == 2


def test_below_as_and_without_an_estimate(cli: Cli, burn: Callable[..., None]) -> None:
    done = {"status": Status.COMPLETED, "started_at": NOW}
    for estimate in (100, 150, 99_999, None):
        code = f"SD-{estimate or 'NONE'}"
        burn(100, sd=StrategicDirectiveFactory(code=code, estimate=estimate, **done))
    out = cli("audit").out
    assert "100 (as estimated)" in out
    assert "100 (33% below the estimate of 150)" in out
    assert "100 (99% below the estimate of 99,999)" in out
    assert "100 (no estimate)" in out
