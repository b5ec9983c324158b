"""Which tier each sub-agent would get now, by whatever name it goes."""

from datetime import datetime

from allocation.claude_code.front_matter import Tiers
from allocation.claude_code.situation import current_situation
from allocation.claude_code.state import only_sd_in_progress


def current_tiers(*, now: datetime) -> Tiers | None:
    """The tiers for the SD in progress, or for what runs without one are taken for.

    None while budgetctl is off. A definition cannot defer: there the floor is what it gets.
    """
    current = current_situation(now)
    if not current.situation.standing.enabled:
        return None
    answers = current.answers(only_sd_in_progress())
    tiers = {code: (answer.tier or answer.floor).name for code, answer in answers}
    return {"names": dict(current.situation.names), "tiers": tiers}
