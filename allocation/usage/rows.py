"""From sights of requests to rows of the table of records.

By columns, not sight by sight: an import makes a quarter of a million rows, and most columns are
taken as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from allocation.usage.agents import agent_types
from allocation.usage.observation import PROMPT, Observation
from allocation.usage.tables import COLUMNS, Row, hours_of, stored
from allocation.usage.terms import Terms

FIELDS = Observation.__struct_fields__
FLAGS = ("sidechain", "output_final", "estimated", "answered")  # numbers on SQLite
_encode = msgspec.json.Encoder().encode
_Column = Iterable[Any]


def rows_of(sights: Sequence[Observation], terms: Terms) -> list[Row]:
    """A row for each sight, in their order, as tables.COLUMNS has them."""
    if not sights:
        return []
    seen = dict(zip(FIELDS, zip(*map(msgspec.structs.astuple, sights), strict=True), strict=True))
    at = stored(seen["at"])
    types = agent_types((each.session_id, each.agent_id) for each in sights if each.agent_id)
    names = [
        (agent_id and types.get((session_id, agent_id))) or agent_type
        for session_id, agent_id, agent_type in zip(
            seen["session_id"], seen["agent_id"], seen["agent_type"], strict=True
        )
    ]
    columns: dict[str, _Column] = {
        **seen,
        **{flag: map(int, seen[flag]) for flag in FLAGS},
        "at": at,
        "counted_at": _later(stored(seen["counted_at"]), at),
        "hour": hours_of(at),
        "agent_type": names,
        "sub_agent": _sub_agents([*zip(names, seen["sidechain"], strict=True)], terms),
        "long_prompt": _long(seen, terms),
        "answer": ("" if one is None else _encode(one).decode() for one in seen["answer"]),
    }
    return [*zip(*map(columns.__getitem__, COLUMNS), strict=True)]


def _later(counted_at: _Column, at: _Column) -> _Column:
    """When sights were counted, None where that is when they were first seen."""
    return (
        None if counted == first else counted for counted, first in zip(counted_at, at, strict=True)
    )


def _sub_agents(names: Sequence[tuple[str, bool]], terms: Terms) -> _Column:
    known = {
        (name, sidechain): terms.registry.sub_agent(name, sidechain=sidechain)
        for name, sidechain in {*names}
    }
    return map(known.__getitem__, names)


def _long(seen: Mapping[str, Sequence[Any]], terms: Terms) -> _Column:
    prompts = map(sum, zip(*(seen[kind] for kind in PROMPT), strict=True))
    return (
        +terms.is_long(model, at, prompt)
        for model, at, prompt in zip(seen["model"], seen["at"], prompts, strict=True)
    )
