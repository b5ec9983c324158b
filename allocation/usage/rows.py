"""From sights of requests to rows of the table of records.

By columns, not sight by sight: an import makes a quarter of a million rows, and most columns are
taken as they are.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from allocation.usage.agents import agent_types
from allocation.usage.observation import PROMPT, Observation
from allocation.usage.sights import Sights
from allocation.usage.tables import COLUMNS, hours_of, stored
from allocation.usage.terms import Terms

FIELDS = Observation.__struct_fields__
FLAGS = ("sidechain", "output_final", "estimated", "answered")  # numbers on SQLite
_encode = msgspec.json.Encoder().encode
_Column = Sequence[Any]


def columns_of(sights: Sights, terms: Terms) -> list[_Column]:
    """The columns of a row for each sight, in their order."""
    at = stored(sights.at)
    agents = [*zip(sights.session_id, sights.agent_id, strict=True)]
    types = agent_types(agent for agent in agents if agent[1])
    names = [
        types.get(agent) or agent_type
        for agent, agent_type in zip(agents, sights.agent_type, strict=True)
    ]
    columns: dict[str, _Column] = {
        **dict(zip(FIELDS, sights.columns(), strict=True)),
        **{flag: bytes(getattr(sights, flag)) for flag in FLAGS},  # iterates as numbers
        "at": at,
        "counted_at": _later(stored(sights.counted_at), at),
        "hour": hours_of(at),
        "agent_type": names,
        "sub_agent": _sub_agents([*zip(names, sights.sidechain, strict=True)], terms),
        "long_prompt": _long(sights, terms),
        "answer": ["" if one is None else _encode(one).decode() for one in sights.answer],
    }
    return [*map(columns.__getitem__, COLUMNS)]


def _later(counted_at: _Column, at: _Column) -> _Column:
    """When sights were counted, None where that is when they were first seen."""
    return [
        None if counted == first else counted for counted, first in zip(counted_at, at, strict=True)
    ]


def _sub_agents(names: Sequence[tuple[str, bool]], terms: Terms) -> _Column:
    known = {
        (name, sidechain): terms.registry.sub_agent(name, sidechain=sidechain)
        for name, sidechain in {*names}
    }
    return [*map(known.__getitem__, names)]


def _long(sights: Sights, terms: Terms) -> _Column:
    prompts = map(sum, zip(*(getattr(sights, kind) for kind in PROMPT), strict=True))
    return bytes(terms.are_long(sights.model, sights.at, [*prompts]))
