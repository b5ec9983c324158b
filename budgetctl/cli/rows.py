"""Rows by the names that people type, and who is typing. Needs `open_database` before it."""

import getpass
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from allocation.budgets.models import BudgetRule
from allocation.catalog.models import SubAgent, Tier
from allocation.decisions.operations import Situation
from allocation.directives.models import StrategicDirective
from allocation.floors.models import Override
from allocation.policy.errors import RuleError
from allocation.policy.names import normal_name
from budgetctl.cli.setup import OWNER


def owners_clock() -> ZoneInfo:
    """The zone in which people read and write times."""
    return BudgetRule.objects.get().zone_info


def actor() -> str:
    """Who a change is made by, for the audit trail.

    Whoever may write to the database from a shell acts for the owner: `chairman`, once that account
    exists, and the user of the operating system before.
    """
    if User.objects.filter(username=OWNER).exists():
        return OWNER
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return "command line"


def sd(code: str) -> StrategicDirective:
    """The SD with a code, in capitals or not. Raises RuleError where there is none."""
    found = StrategicDirective.objects.filter(code=_clean(code).upper()).first()
    if found is None:
        raise RuleError(f"There is no SD {_clean(code)}. Propose it: budgetctl sd new {_clean(code)}")
    return found


def sub_agent(name: str, situation: Situation) -> SubAgent:
    """The sub-agent behind a name or an alias. Raises RuleError where there is none."""
    return situation.sub_agents[situation.code_of(_clean(name))]


def tier(name: str) -> Tier:
    """The tier with a name. Raises RuleError where there is none."""
    found = Tier.objects.filter(name=normal_name(_clean(name))).first()
    if found is None:
        there_are = ", ".join(Tier.objects.values_list("name", flat=True))
        raise RuleError(f"“{_clean(name)}” is not a tier; there are {there_are}.")
    return found


def override(number: int) -> Override:
    """The override with a number. Raises RuleError where there is none."""
    found = Override.objects.select_related("sub_agent", "tier").filter(pk=number).first()
    if found is None:
        raise RuleError(f"There is no override {number}. See those in force: budgetctl override")
    return found


def _clean(name: str) -> str:
    """A name short enough for one line and without NUL, which PostgreSQL refuses."""
    return name.replace("\x00", "").strip()[:100]
