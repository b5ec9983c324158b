"""Settings with budgetctl in them and without it again: tables, and properties of any settings."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.claude_code.connect.merge import Record, connected, disconnected
from allocation.claude_code.connect.wanted import (
    EVENTS,
    Choice,
    hook_entries,
    is_our_hook,
    is_our_status_line,
    wrapped_command,
)
from allocation.policy.errors import RuleError

TOKEN = "bctl_0a1b2c3d_secret"
CHOICE = Choice(url="http://127.0.0.1:8000", token=TOKEN, script="/opt/b b/bin/budgetctl")
OTHER_HOOK = {"matcher": "Bash", "hooks": [{"type": "command", "command": "check.sh"}]}
MINE = {"type": "command", "command": "my 'status' $line", "padding": 2}


def again(record: Record) -> Record:
    """The record as it comes back from its file."""
    return Record.from_json(json.loads(json.dumps(record.as_json())))


def test_empty_settings_get_all_of_it() -> None:
    merged = connected({}, CHOICE).settings
    assert set(merged["hooks"]) == set(EVENTS)
    (before,) = merged["hooks"]["PreToolUse"]
    assert before["matcher"] == "Agent|Task"
    (handler,) = before["hooks"]
    assert handler == {
        "type": "command",
        "command": "'/opt/b b/bin/budgetctl' hook",
        "timeout": 5,
    }
    assert "matcher" not in merged["hooks"]["SubagentStart"][0]
    assert merged["statusLine"]["command"] == "'/opt/b b/bin/budgetctl' statusline"
    assert merged["env"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:8000/otlp"
    assert merged["env"]["OTEL_EXPORTER_OTLP_HEADERS"] == f"Authorization=Bearer {TOKEN}"
    assert "OTEL_LOG_TOOL_DETAILS" not in merged["env"], "that would send prompts"


SETTINGS: dict[str, Any] = {
    "nothing": {},
    "other things": {"model": "opus", "permissions": {"allow": ["Bash(ls:*)"]}},
    "other hooks": {"hooks": {"PreToolUse": [OTHER_HOOK], "Stop": [OTHER_HOOK]}},
    "empty containers": {"hooks": {}, "env": {}},
    "an empty event": {"hooks": {"PreToolUse": []}},
    "a status line": {"statusLine": MINE},
    "an environment": {"env": {"FOO": "1", "CLAUDE_CODE_ENABLE_TELEMETRY": "1"}},
    "telemetry to somewhere else": {"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"}},
}
CHOICES = {
    "command": CHOICE,
    "http": Choice(url="http://hub", token=TOKEN, http=True),
    "fail-closed": Choice(url="http://hub", token=TOKEN, fail_closed=True, home="/x y"),
    "project": Choice(url="http://hub", token=TOKEN, own_env=False),
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_undo_leaves_exactly_what_was_there(settings: dict[str, Any], choice: Choice) -> None:
    before = json.dumps(settings)
    merged = connected(settings, choice)
    assert json.dumps(settings) == before, "nothing given is changed"
    assert disconnected(merged.settings, again(merged.record)) == settings


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_connecting_twice_changes_nothing(settings: dict[str, Any], choice: Choice) -> None:
    once = connected(settings, choice)
    twice = connected(once.settings, choice, again(once.record))
    assert json.dumps(twice.settings) == json.dumps(once.settings)
    assert disconnected(twice.settings, again(twice.record)) == settings


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_connecting_otherwise_replaces_what_was_ours(settings: dict[str, Any]) -> None:
    once = connected(settings, CHOICE)
    moved = Choice(url="https://hub", token="bctl_ffffffff_x", script="budgetctl", http=True)
    twice = connected(once.settings, moved, again(once.record))
    assert json.dumps(twice.settings).count("/opt/b b") == 0
    assert TOKEN not in json.dumps(twice.settings)
    assert disconnected(twice.settings, again(twice.record)) == settings
    back = connected(twice.settings, CHOICE, again(twice.record))
    assert disconnected(back.settings, again(back.record)) == settings


def test_a_lost_record_is_made_from_what_is_there() -> None:
    merged = connected({"statusLine": MINE, "hooks": {"Stop": [OTHER_HOOK]}}, CHOICE).settings
    left = disconnected(merged)
    assert left["hooks"] == {"Stop": [OTHER_HOOK]}
    assert left["statusLine"] == MINE
    assert "env" not in left
    assert connected(merged, CHOICE).settings == merged


def test_later_edits_of_others_stay() -> None:
    merged = connected({"statusLine": MINE}, CHOICE)
    edited = json.loads(json.dumps(merged.settings))
    edited["hooks"]["PreToolUse"].insert(0, OTHER_HOOK)
    edited["hooks"]["PostToolUse"][0]["hooks"].append({"type": "command", "command": "log.sh"})
    edited["hooks"]["SubagentStop"][0]["hooks"][0]["timeout"] = 60
    edited["env"]["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf"
    edited["statusLine"]["padding"] = 9
    edited["model"] = "opus"
    left = disconnected(edited, again(merged.record))
    assert left == {
        "hooks": {
            "PreToolUse": [OTHER_HOOK],
            "PostToolUse": [
                {"matcher": "Agent|Task", "hooks": [{"type": "command", "command": "log.sh"}]}
            ],
        },
        "env": {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
        "statusLine": {**MINE, "padding": 9},
        "model": "opus",
    }


def test_a_status_line_of_somebody_elses_is_left_by_undo() -> None:
    merged = connected({}, CHOICE)
    theirs = {"type": "command", "command": "theirs"}
    edited = {**merged.settings, "statusLine": theirs}
    assert disconnected(edited, merged.record) == {"statusLine": theirs}


def test_a_status_line_is_wrapped_with_all_it_says() -> None:
    merged = connected({"statusLine": MINE}, CHOICE).settings["statusLine"]
    assert is_our_status_line(merged)
    assert wrapped_command(merged) == MINE["command"]
    assert merged["padding"] == 2


def test_telemetry_that_goes_elsewhere_is_not_redirected() -> None:
    settings = SETTINGS["telemetry to somewhere else"]
    merged = connected(settings, CHOICE)
    assert merged.settings["env"] == settings["env"]
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in merged.notes[0]


def test_project_settings_hold_no_token() -> None:
    for choice in (CHOICES["project"], Choice(url="x", token=TOKEN, own_env=False, http=True)):
        assert TOKEN not in json.dumps(connected({}, choice).settings)


def test_only_fail_closed_blocks_and_only_calls() -> None:
    entries = hook_entries(CHOICES["fail-closed"])
    blocking = [event for event, entry in entries.items() if "onFailure" in entry["hooks"][0]]
    assert blocking == ["PreToolUse"]
    assert "onFailure" not in json.dumps(hook_entries(CHOICE))
    commands = json.dumps(entries)
    assert commands.count("--fail-closed") == 1


def test_a_session_start_takes_no_http_hook() -> None:
    entries = hook_entries(CHOICES["http"])
    assert entries["SessionStart"]["hooks"][0]["type"] == "command"
    assert entries["PreToolUse"]["hooks"][0]["url"] == "http://hub/hooks/claude-code"


@pytest.mark.parametrize(
    ("handler", "ours"),
    [
        ({"type": "command", "command": "budgetctl hook"}, True),
        ({"type": "command", "command": "'/a b/budgetctl' hook --home x"}, True),
        ({"type": "command", "command": "/x/budgetctl.exe hook"}, True),
        ({"type": "http", "url": "https://hub/hooks/claude-code"}, True),
        ({"type": "command", "command": "budgetctl status"}, False),
        ({"type": "command", "command": "budgetctl hookworm"}, False),
        ({"type": "command", "command": "echo budgetctl"}, False),
        ({"type": "http", "url": "https://hub/hooks/other"}, False),
        ("budgetctl hook", False),
    ],
)
def test_what_is_ours(handler: Any, ours: bool) -> None:
    assert is_our_hook(handler) is ours


@pytest.mark.parametrize(
    "settings",
    [{"hooks": []}, {"hooks": {"Stop": {}}}, {"env": "x"}, {"statusLine": "x"}, {"hooks": None}],
)
def test_settings_of_another_shape_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        connected(settings, CHOICE)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
handlers = st.fixed_dictionaries({"type": st.just("command"), "command": st.text(max_size=9)})
groups = st.fixed_dictionaries(
    {"hooks": st.lists(handlers, max_size=2)}, optional={"matcher": st.text(max_size=4)}
)
events = st.sampled_from([*EVENTS, "Stop", "Other"])
env_names = st.sampled_from(
    ["FOO", "OTEL_LOGS_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL", "CLAUDE_CODE_ENABLE_TELEMETRY"]
)
any_settings = st.dictionaries(st.text(max_size=4), json_values, max_size=3).flatmap(
    lambda others: st.fixed_dictionaries(
        {},
        optional={
            "hooks": st.dictionaries(events, st.lists(groups, max_size=2)),
            "env": st.dictionaries(env_names, st.sampled_from(["1", "otlp", "http/json", "x"])),
            "statusLine": st.fixed_dictionaries(
                {"type": st.just("command")}, optional={"command": st.text(max_size=9)}
            ),
        },
    ).map(lambda ours: {**others, **ours})
)


@given(any_settings, st.sampled_from(list(CHOICES.values())), st.sampled_from(list(CHOICES)))
def test_merge_then_undo_is_identity(settings: dict[str, Any], choice: Choice, second: str) -> None:
    merged = connected(settings, choice)
    assert disconnected(merged.settings, again(merged.record)) == settings
    other = connected(merged.settings, CHOICES[second], again(merged.record))
    assert disconnected(other.settings, again(other.record)) == settings
