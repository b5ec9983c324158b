"""usage import and usage totals."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocation.budgets.models import BudgetWeek
from allocation.usage.models import UsageRecord
from allocation.usage.operations import HandCount, count_by_hand
from tests.cli.conftest import Cli
from tests.factories import (
    NOW,
    BudgetRuleFactory,
    MeterFactory,
    StrategicDirectiveFactory,
    UsageHourFactory,
)
from tests.usage.transcripts import response, write

NUMBERS = {
    "records", "input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "unsplit",
    "raw", "budget_tokens", "usd", "unpriced_records",
}  # fmt: skip


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    """A folder with one session of two requests, of which one is of a model nobody knows."""
    folder = tmp_path / "config" / "projects"
    write(
        folder / "app" / "session.jsonl",
        response("msg_1", input=1_000, output=100, write_5m=0, write_1h=0, read=0),
        response("msg_2", request_id="req_2", model="claude-next-9", output=50),
        "this is not JSON",
    )
    return folder


def test_an_import_says_what_it_did(cli: Cli, projects: Path) -> None:
    ran = cli("usage", "import", str(projects))
    assert ran.code == 0
    assert "FILES       1" in ran.out
    assert "LINES       3 read" in ran.out
    assert "RECORDS     2 new, 0 improved, 0 unchanged" in ran.out
    assert "UNREADABLE  1 line could not be read" in ran.out
    assert "claude-next-9 (1): counted, cost unknown" in " ".join(ran.out.split())
    assert ran.err == ""  # no bar where nobody watches


def test_an_import_in_json(cli: Cli, projects: Path) -> None:
    found = cli("usage", "import", str(projects), "--json").json
    size = found.pop("bytes")
    assert size > 0
    assert found == {
        "files": 1,
        "files_read": 1,
        "lines": 3,
        "new": 2,
        "improved": 0,
        "unchanged": 0,
        "unreadable_lines": 1,
        "unknown_models": {"claude-next-9": 1},
        "skipped": [],
        "weeks_made": 1,
    }
    again = cli("usage", "import", str(projects), "--json").json
    assert (again["files_read"], again["new"], again["weeks_made"]) == (0, 0, 0)
    assert "FILES       1, 0 with something new" in cli("usage", "import", str(projects)).out


def test_history_gets_its_weeks(cli: Cli, tmp_path: Path) -> None:
    old = response("msg_1", minute=-3 * 7 * 24 * 60)
    write(tmp_path / "session.jsonl", old)
    assert cli("usage", "import", str(tmp_path), "--json").json["weeks_made"] == 4
    assert BudgetWeek.objects.count() == 4


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_clock_that_was_never_set_makes_no_weeks(cli: Cli, tmp_path: Path, at: str) -> None:
    write(tmp_path / "a.jsonl", response(timestamp=at), response("msg_2", request_id="req_2"))
    done = cli("usage", "import", str(tmp_path), "--json").json
    assert (done["new"], done["weeks_made"]) == (2, 1)


def test_an_import_can_be_laid_to_an_sd(cli: Cli, projects: Path) -> None:
    sd = StrategicDirectiveFactory(code="SD-A-1", phase="PLAN")
    cli("usage", "import", str(projects), "--sd", "sd-a-1", "--phase", "plan")
    assert set(UsageRecord.objects.values_list("sd", "phase")) == {(sd.pk, "PLAN")}


def test_the_folders_of_claude_code_are_found(
    cli: Cli, projects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    ran = cli("usage", "import")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "There are no transcripts where Claude Code keeps them" in ran.err
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(projects.parent))
    for place in (".claude", ".config/claude"):
        line = response(f"msg_{place}", request_id=place)
        write(home / place / "projects" / "app" / f"{place[1:3]}.jsonl", line)
    assert cli("usage", "import", "--json").json["files"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("/no/such/folder",), "There is no file or folder"),
        (("{file}",), "neither a folder nor a transcript"),
        (("{folder}", "--sd", "SD-NONE"), "There is no SD called “SD-NONE”."),
        (("{empty}", "--sd", "SD-NONE"), "There is no SD called “SD-NONE”."),
    ],
)
def test_what_is_refused_is_one_line_and_stores_nothing(
    arguments: tuple[str, ...], said: str, cli: Cli, projects: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\x00\xff")
    (tmp_path / "empty").mkdir()
    places = {"file": picture, "folder": projects, "empty": tmp_path / "empty"}
    ran = cli("usage", "import", *[part.format(**places) for part in arguments])
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert not UsageRecord.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "--phase", "PLAN"),
        ("totals", "--by", "weather"),
        ("totals", "--week", "soon"),
        ("totals", "--nonsense"),
        (),
    ],
)
def test_what_cannot_be_read_is_wrong_usage(arguments: tuple[str, ...], cli: Cli) -> None:
    assert cli("usage", *arguments).code == 2


def test_a_wrong_choice_is_told_without_the_words_of_a_library(cli: Cli) -> None:
    said = " ".join(cli("usage", "totals", "--by", "weather").err.split())
    assert "Invalid value for '--by': 'weather' is not one of" in said


def totals(cli: Cli, *arguments: str) -> Any:
    return cli("usage", "totals", "--json", *arguments).json


def test_totals_of_nothing(cli: Cli) -> None:
    found = totals(cli)
    assert found["total"].keys() == NUMBERS
    assert found["total"] == dict.fromkeys(NUMBERS, 0) | {"usd": None}
    assert found["rows"] == []
    assert "Nothing is counted yet." in cli("usage", "totals", "--by", "model").out


def test_totals_by_kind_raw_budget_and_dollars(cli: Cli, burn: Callable[..., None]) -> None:
    burn(
        1_000_000, output=100_000, cache_write_5m=10_000, cache_write_1h=20_000,
        cache_read=3_000_000, model="claude-haiku-4-5",
    )  # fmt: skip
    found = totals(cli, "--by", "model")
    total = {
        "records": 1,
        "input": 1_000_000,
        "output": 100_000,
        "cache_write_5m": 10_000,
        "cache_write_1h": 20_000,
        "cache_read": 3_000_000,
        "unsplit": 0,
        "raw": 4_130_000,
        "budget_tokens": 376_667,  # a third of 1,130,000, rounded half up
        "usd": "1.8525",
        "unpriced_records": 0,
    }
    assert found == {"total": total, "rows": [{"key": "claude-haiku-4-5", **total}]}


def test_dollars_are_of_what_could_be_priced(cli: Cli, burn: Callable[..., None]) -> None:
    burn(1_000_000)
    burn(1_000_000, model="claude-next-9")
    found = totals(cli, "--by", "model")
    assert (found["total"]["usd"], found["total"]["unpriced_records"]) == ("3", 1)
    prices = {row["key"]: row["usd"] for row in found["rows"]}
    assert prices == {"claude-sonnet-4-5": "3", "claude-next-9": None}
    out = cli("usage", "totals", "--by", "model").out
    assert "1 record could not be priced" in out
    assert max(map(len, out.splitlines())) <= 80


def test_what_was_logged_by_hand_is_raw_and_has_no_price(cli: Cli) -> None:
    sd = StrategicDirectiveFactory(code="SD-A-1")
    count_by_hand(
        [HandCount(key="test:1", tokens_by_tier={"opus": 3_000}, at=NOW, sd=sd, phase="PLAN")]
    )
    found = totals(cli)["total"]
    assert (found["unsplit"], found["raw"], found["budget_tokens"]) == (3_000, 3_000, 5_000)
    assert (found["usd"], found["unpriced_records"]) == (None, 1)


def test_an_estimate_is_not_called_logged_by_hand(cli: Cli) -> None:
    UsageHourFactory(
        hour=NOW, source="api", model="claude-sonnet-4-5", input=0, output=0, unsplit=1_001
    )
    assert f"  {'by hand or estimated':<22}{'1,001':>20}" in cli("usage", "totals").out


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("model", {"claude-sonnet-4-5": 1_000, "claude-next-9": 20, "by hand": 300}),
        ("tier", {"sonnet": 1_000, "opus": 300, "unknown": 20}),
        ("sub-agent", {"TESTING": 1_000, "main": 20, "by hand": 300}),
        ("sd", {"SD-A-1": 1_300, "none": 20}),
        ("session", {"session-1": 1_000, "session-2": 20, "none": 300}),
    ],
)
def test_totals_are_split(by: str, keys: dict[str, int], cli: Cli, burn: Any) -> None:
    sd = StrategicDirectiveFactory(code="SD-A-1")
    burn(1_000, sub_agent="TESTING", sd=sd)
    burn(20, model="claude-next-9", session_id="session-2")
    count_by_hand(
        [HandCount(key="test:1", tokens_by_tier={"opus": 300}, at=NOW, sd=sd, phase="PLAN")]
    )
    found = totals(cli, "--by", by)
    assert {row["key"]: row["raw"] for row in found["rows"]} == keys
    assert found["total"]["raw"] == 1_320
    assert [row["budget_tokens"] for row in found["rows"]] == sorted(
        (row["budget_tokens"] for row in found["rows"]), reverse=True
    )


def test_a_day_is_the_owners(cli: Cli, burn: Callable[..., None]) -> None:
    burn(1, at=datetime(2026, 11, 18, 7, 59, tzinfo=UTC))
    burn(10, at=datetime(2026, 11, 18, 8, 0, tzinfo=UTC))
    found = totals(cli, "--by", "day")["rows"]
    assert [(row["key"], row["raw"]) for row in found] == [("2026-11-17", 1), ("2026-11-18", 10)]


def test_a_day_that_begins_within_an_hour_is_exact(cli: Cli, burn: Callable[..., None]) -> None:
    BudgetRuleFactory(timezone="Asia/Kolkata")  # midnight is 18:30 UTC
    burn(1, at=datetime(2026, 11, 17, 18, 29, 59, tzinfo=UTC))
    burn(10, at=datetime(2026, 11, 17, 18, 30, tzinfo=UTC))
    for more in ((), ("--week", "2026-11-18")):
        found = totals(cli, "--by", "day", *more)["rows"]
        assert [(row["key"], row["raw"]) for row in found] == [
            ("2026-11-17", 1),
            ("2026-11-18", 10),
        ]


def test_a_week_is_the_one_that_its_day_ends_in(cli: Cli, burn: Callable[..., None]) -> None:
    burn(1, at=datetime(2026, 11, 16, 21, 59, tzinfo=UTC))
    burn(10, at=datetime(2026, 11, 16, 22, 0, tzinfo=UTC))

    def used(day: str) -> Any:
        return totals(cli, "--week", day)["total"]["raw"]

    # Monday 16 November, 14:00 in Los Angeles, is the reset; 23 November is still to come.
    assert [used(f"2026-11-{day}") for day in (15, 16, 22, 23)] == [1, 10, 10, 10]
    out = cli("usage", "totals", "--week", "2026-11-18").out
    assert out.startswith("Used from Mon 16 Nov 2026, 14:00 to Mon 23 Nov 2026, 14:00")


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_no_week_can_hold_is_refused(
    cli: Cli, burn: Callable[..., None], day: str
) -> None:
    burn(1)
    run = cli("usage", "totals", "--week", day)
    assert run.code == 1
    assert f"No budget week holds {day}" in " ".join(run.err.split())


def test_a_budget_in_dollars_is_a_decimal_string(cli: Cli, burn: Callable[..., None]) -> None:
    burn(1_000)
    BudgetRuleFactory(
        meter=MeterFactory(name="US dollars", weighting="dollars"), limit=Decimal(100)
    )
    assert totals(cli)["total"]["budget_tokens"] == "0.003"
    assert "budget, US dollars" in cli("usage", "totals", "--by", "tier").out


def test_large_sums_fit_the_table(cli: Cli, burn: Callable[..., None]) -> None:
    burn(123_456_789_012, output=999_999_999_999, model="claude-opus-4-5")
    burn(1_000, sub_agent="a-sub-agent-with-a-name-that-never-seems-to-end")
    out = cli("usage", "totals", "--by", "sub-agent").out
    assert max(map(len, out.splitlines())) <= 80
    assert "123.5B" in out or "123B" in out
