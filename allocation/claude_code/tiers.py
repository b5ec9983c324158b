"""Which tier each sub-agent would get now, by whatever name it goes."""

from collections.abc import Callable
from datetime import datetime

from allocation.claude_code.situation import current_situation
from allocation.claude_code.state import only_sd_in_progress
from allocation.policy.names import normal_name
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task


def current_tiers(*, now: datetime) -> Callable[[str], str] | None:
    """From a name to the tier for the SD in progress, or for what runs without one are taken for.

    None while budgetctl is off. A definition cannot defer: there the floor is what it gets.
    """
    current = current_situation(now)
    if not current.situation.standing.enabled:
        return None
    sd = only_sd_in_progress()
    phase = Phase((sd.phase if sd else "") or current.defaults.phase)
    complexity = sd.complexity if sd else current.defaults.complexity

    def tier_of(name: str) -> str:
        code = current.situation.names.get(normal_name(name), name)
        task = Task(code, phase, complexity, sd.critical if sd else False)
        answer = current.situation.answer(task)
        return (answer.tier or answer.floor).name

    return tier_of
