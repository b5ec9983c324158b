"""Which tier each sub-agent would get now, by whatever name it goes."""

from datetime import datetime

from allocation.claude_code.client.state import UNREGISTERED
from allocation.claude_code.front_matter import Tiers
from allocation.claude_code.situation import current_situation
from allocation.claude_code.state import OTHER, only_sd_in_progress
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task


def current_tiers(*, now: datetime) -> Tiers | None:
    """The tiers for the SD in progress, or for what runs without one are taken for.

    None while budgetctl is off. A definition cannot defer: there the floor is what it gets.
    """
    current = current_situation(now)
    if not current.situation.standing.enabled:
        return None
    sd = only_sd_in_progress()
    phase = Phase((sd.phase if sd else "") or current.defaults.phase)
    complexity = sd.complexity if sd else current.defaults.complexity
    critical = sd.critical if sd else False
    tiers = {}
    for code in (*current.situation.sub_agents, UNREGISTERED):
        answer = current.situation.answer(Task(code or OTHER, phase, complexity, critical))
        tiers[code] = (answer.tier or answer.floor).name
    return {"names": dict(current.situation.names), "tiers": tiers}
