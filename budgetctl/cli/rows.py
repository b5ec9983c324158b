"""Rows by the names that people type, and who is typing. Needs `open_database` before it."""

import getpass
import os
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from allocation.budgets.models import BudgetRule
from allocation.catalog.models import SubAgent, Tier
from allocation.directives.models import StrategicDirective
from allocation.floors.models import Override
from allocation.policy.errors import RuleError
from allocation.policy.meter import Meter
from allocation.policy.names import normal_name
from allocation.usage.names import load_registry
from budgetctl.cli.setup import OWNER

# Claude Code sets it in the shells in which it runs commands (code.claude.com/docs/en/env-vars).
_IN_CLAUDE_CODE = "CLAUDECODE"


def owners_clock() -> ZoneInfo:
    """The zone in which people read and write times."""
    return BudgetRule.objects.get().zone_info


def meter() -> Meter:
    """The meter of the budget rule."""
    return BudgetRule.objects.select_related("meter").get().meter.to_policy()


def actor() -> str:
    """Who a change is made by, for the audit trail.

    Whoever may write to the database from a shell acts for the owner: `chairman`, once that account
    exists, and the user of the operating system before. A shell of Claude Code's own is named: its
    user may have asked for the change, and a sub-agent may have thought of it alone.
    """
    who = OWNER if User.objects.filter(username=OWNER).exists() else _os_user()
    return f"{who} in Claude Code" if os.environ.get(_IN_CLAUDE_CODE) else who


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return "command line"


def sd(code: str) -> StrategicDirective:
    """The SD with a code, in capitals or not. Raises RuleError where there is none."""
    found = StrategicDirective.objects.filter(code=code.upper()).first()
    if found is None:
        raise RuleError(f"There is no SD called “{code[:60]}”. See them all: budgetctl sd list")
    return found


def sub_agent(name: str) -> SubAgent:
    """The sub-agent behind a name or an alias. Raises RuleError where there is none."""
    code = load_registry().sub_agent(name, sidechain=True)
    found = SubAgent.objects.filter(code=code).first()
    if found is None:
        there_are = ", ".join(SubAgent.objects.values_list("code", flat=True))
        raise RuleError(f"No sub-agent is called “{name[:40]}”. There are: {there_are}.")
    return found


def tier(name: str) -> Tier:
    """The tier with a name. Raises RuleError where there is none."""
    found = Tier.objects.filter(name=normal_name(name[:100])).first()
    if found is None:
        there_are = ", ".join(Tier.objects.values_list("name", flat=True))
        raise RuleError(f"“{name[:40]}” is not a tier; there are {there_are}.")
    return found


def override(number: int) -> Override:
    """The override with a number. Raises RuleError where there is none."""
    found = Override.objects.select_related("sub_agent", "tier").filter(pk=number).first()
    if found is None:
        raise RuleError(f"There is no override {number}. See those in force: budgetctl override")
    return found
