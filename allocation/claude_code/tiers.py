"""The tier that each sub-agent would get now, for `budgetctl sync-agents`."""

from datetime import datetime

from allocation.claude_code.front_matter import Tiers
from allocation.claude_code.situation import current_situation
from allocation.claude_code.state import only_sd_in_progress


def current_tiers(*, now: datetime) -> Tiers | None:
    """Tiers by the code of each sub-agent, and the codes by every name that leads to one.

    They are those of runs for the only SD in progress or, where none or several are, of runs
    without an SD (HookDefaults). A definition in a file cannot put a run off, so where the rules
    would, it gets the floor. None while budgetctl is off.
    """
    current = current_situation(now)
    if not current.situation.standing.enabled:
        return None
    answers = current.answers(only_sd_in_progress())
    tiers = {code: (answer.tier or answer.floor).name for code, answer in answers}
    return {"names": dict(current.situation.names), "tiers": tiers}
