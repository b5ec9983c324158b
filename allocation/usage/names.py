"""Which registered sub-agent a name that a harness gave belongs to."""

from dataclasses import dataclass

from allocation.catalog.models import SubAgent, SubAgentAlias
from allocation.policy.names import normal_name

# A sub-agent of which nothing tells the name. The main thread has none: "".
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Registry:
    """The registered sub-agents by every name they go by. Made once with `load_registry`."""

    _codes: dict[str, str]  # normal name -> code

    def sub_agent(self, agent_type: str, *, sidechain: bool) -> str:
        """The code of the sub-agent, the given name where none is registered, "" for main."""
        if not agent_type:
            return UNKNOWN if sidechain else ""
        return self._codes.get(normal_name(agent_type), agent_type)


def load_registry() -> Registry:
    """Read codes and aliases: two queries. A code is never hidden by another's alias."""
    codes = dict(SubAgentAlias.objects.values_list("normal_name", "sub_agent__code"))
    codes.update(
        {normal_name(code): code for code in SubAgent.objects.values_list("code", flat=True)}
    )
    return Registry(codes)
