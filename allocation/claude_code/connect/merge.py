"""Settings with budgetctl in them, and without it again. Pure: nothing given is changed.

What was put in is kept in a `Record`, so that taking it out leaves exactly what was there, and
what others changed meanwhile. Without a record (a lost file) our parts are known by their shape.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from allocation.claude_code.connect.wanted import (
    Choice,
    Json,
    hook_entries,
    is_our_hook,
    is_our_status_line,
    status_line,
    telemetry,
    wrapped_command,
)
from allocation.policy.errors import RuleError


@dataclass(slots=True)
class Record:
    """What was added, and which containers were made for it. JSON in all its parts."""

    entries: dict[str, Json] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)  # "hooks", "env", "hooks.PreToolUse" …
    status_line: Json | None = None
    status_line_before: Json | None = None

    def as_json(self) -> Json:
        """For a file."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Record":
        """From a file; parts that it lacks are empty."""
        return cls(**{name: value[name] for name in cls.__slots__ if name in value})


@dataclass(frozen=True, slots=True)
class Merged:
    """The settings, what was added to them, and sentences for the one who asked."""

    settings: Json
    record: Record
    notes: tuple[str, ...] = ()


def connected(
    settings: Json, choice: Choice, known: Record | None = None, *, with_status_line: bool = True
) -> Merged:
    """The settings with budgetctl in them; connected again, they stay as they are.

    Raises RuleError where a part of the settings has another shape than Claude Code takes.
    """
    check(settings)
    merged = deepcopy(settings)
    record = deepcopy(known) if known else recognised(settings)
    notes: list[str] = []
    _add_hooks(merged, hook_entries(choice), record)
    if with_status_line:
        _add_status_line(merged, choice, record)
    env = {"BUDGETCTL_TOKEN": choice.token} if choice.http else {}
    if choice.own_env:
        _add_env(merged, env, telemetry(choice), record, notes)
    elif choice.http:
        notes.append("Set BUDGETCTL_TOKEN in the environment that Claude Code starts in.")
    return Merged(merged, record, tuple(notes))


def disconnected(settings: Json, known: Record | None = None) -> Json:
    """The settings without what was added. Raises RuleError as `connected` does."""
    check(settings)
    left = deepcopy(settings)
    record = known or recognised(settings)
    for event, entry in record.entries.items():
        _take_out(left, event, entry)
    _restore_status_line(left, record)
    env = left.get("env", {})
    for name, value in record.env.items():
        if env.get(name) == value:
            del env[name]
    for name in sorted(record.made, key=len, reverse=True):
        _drop_if_empty(left, name)
    return left


def check(settings: Json) -> None:
    """Raises RuleError unless the parts that we touch have the shape that Claude Code takes."""
    hooks = settings.get("hooks", {})
    if not isinstance(hooks, dict) or not all(isinstance(each, list) for each in hooks.values()):
        raise RuleError("its hooks are not lists by event")
    if not isinstance(settings.get("env", {}), dict):
        raise RuleError("its env is not an object")
    if not isinstance(settings.get("statusLine", {}), dict):
        raise RuleError("its statusLine is not an object")


def recognised(settings: Json) -> Record:
    """A record of what looks like ours, for settings whose record is lost."""
    record = Record()
    hooks = settings.get("hooks", {})
    for event, groups in hooks.items():
        ours = [group for group in groups if _is_all_ours(group)]
        if ours:
            record.entries[event] = ours[0]
        if len(groups) == len(ours) == 1:
            record.made.append(f"hooks.{event}")
    if record.entries and len(hooks) == len(record.entries):
        record.made.append("hooks")
    line = settings.get("statusLine")
    if line is not None and is_our_status_line(line):
        record.status_line = line
        if command := wrapped_command(line):
            record.status_line_before = {**line, "command": command}
    env = settings.get("env", {})
    if str(env.get("OTEL_EXPORTER_OTLP_HEADERS", "")).startswith("Authorization=Bearer bctl_"):
        choice = Choice(url=str(env.get("OTEL_EXPORTER_OTLP_ENDPOINT"))[:-5], token="")
        ours_too = {*telemetry(choice), "BUDGETCTL_TOKEN"}
        record.env = {name: value for name, value in env.items() if name in ours_too}
        if len(record.env) == len(env):
            record.made.append("env")
    return record


def _add_hooks(merged: Json, wanted: dict[str, Json], record: Record) -> None:
    hooks = _container(merged, "hooks", record)
    for event, entry in wanted.items():
        if event not in hooks:
            hooks[event] = []
            record.made.append(f"hooks.{event}")
        groups = hooks[event]
        for at, group in enumerate(groups):
            if _is_all_ours(group):
                groups[at] = entry  # in its place: nothing else moves
                break
        else:
            groups.append(entry)
        record.entries[event] = entry


def _add_status_line(merged: Json, choice: Choice, record: Record) -> None:
    there = merged.get("statusLine")
    if is_our_status_line(there):
        before = record.status_line_before
    else:
        before = record.status_line_before = there
    # What the user changed about ours since (padding …) is theirs, and stays.
    ours = status_line(choice, before)
    if is_our_status_line(there) and there is not None:
        ours = {**there, "command": ours["command"]}
    merged["statusLine"] = record.status_line = ours


def _add_env(
    merged: Json, own: dict[str, str], otel: dict[str, str], record: Record, notes: list[str]
) -> None:
    there = merged.get("env", {})
    others = {name: value for name, value in there.items() if record.env.get(name) != value}
    if taken := sorted(name for name in otel if others.get(name, otel[name]) != otel[name]):
        notes.append(
            f"Telemetry stays as it is: {', '.join(taken)} is set to something else. Requests are "
            "counted from transcripts only."
        )
        otel = {}
    wanted = {**own, **otel}
    stale = record.env.keys() - wanted.keys()
    if not wanted and not stale:
        return
    env = _container(merged, "env", record)
    for name in stale:
        if env.get(name) == record.env[name]:
            del env[name]
        del record.env[name]
    for name, value in wanted.items():
        if name not in others:
            env[name] = record.env[name] = value


def _take_out(left: Json, event: str, entry: Json) -> None:
    groups = left.get("hooks", {}).get(event, [])
    if entry in groups:
        del groups[len(groups) - 1 - groups[::-1].index(entry)]
        return
    for group in list(groups):  # somebody changed it: only our handler goes
        handlers = group.get("hooks") if isinstance(group, dict) else None
        if isinstance(handlers, list) and any(map(is_our_hook, handlers)):
            group["hooks"] = [each for each in handlers if not is_our_hook(each)]
            if not group["hooks"]:
                groups.remove(group)


def _restore_status_line(left: Json, record: Record) -> None:
    there = left.get("statusLine")
    if record.status_line is None or there is None:
        return
    if there == record.status_line:
        if record.status_line_before is None:
            del left["statusLine"]
        else:
            left["statusLine"] = record.status_line_before
    elif is_our_status_line(there):
        if command := (record.status_line_before or {}).get("command"):
            left["statusLine"] = {**there, "command": command}
        else:
            del left["statusLine"]


def _container(merged: Json, name: str, record: Record) -> Json:
    if name not in merged:
        merged[name] = {}
        record.made.append(name)
    found: Json = merged[name]
    return found


def _drop_if_empty(left: Json, name: str) -> None:
    outer, _, event = name.partition(".")
    if event:
        inner = left.get(outer, {})
        if inner.get(event) == []:
            del inner[event]
    elif left.get(outer) == {}:
        del left[outer]


def _is_all_ours(group: Any) -> bool:
    handlers = group.get("hooks") if isinstance(group, dict) else None
    return isinstance(handlers, list) and bool(handlers) and all(map(is_our_hook, handlers))
