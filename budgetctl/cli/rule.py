"""The budget rule from the shell: limit, reserve, on and off. Whoever can write to the database
acts for the owner."""

from typing import Annotated

import typer

from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json, Reason, read_limit, read_percent
from budgetctl.cli.printing import emit, row, show

# A negative number would otherwise be taken for an option; here the rule refuses it.
_NUMBERS = {"ignore_unknown_options": True}

set_limit = typer.Typer(add_completion=False)
reserve = typer.Typer(add_completion=False)


@set_limit.command("set-limit", context_settings=_NUMBERS)
def _set_limit(
    limit: Annotated[
        str, typer.Argument(metavar="LIMIT", help="Tokens a week: 500000, 500k, 1.2M; or dollars.")
    ],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Set the weekly limit, for the running week too."""
    open_database()
    from allocation.budgets import operations
    from budgetctl.cli import clock, rows

    amount = read_limit(limit, in_dollars=rows.meter().in_dollars)
    operations.set_limit(limit=amount, actor=rows.actor(), now=clock.now(), reason=reason)
    _say(as_json)


@reserve.command("reserve", context_settings=_NUMBERS)
def _reserve(
    percent: Annotated[
        str, typer.Argument(metavar="PERCENT", help="The share held back: 0 to below 100.")
    ],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Hold a share of the limit back for surprises; 0 releases it."""
    open_database()
    from allocation.budgets import operations
    from budgetctl.cli import clock, rows

    operations.set_reserve(
        percent=read_percent(percent), actor=rows.actor(), now=clock.now(), reason=reason
    )
    _say(as_json)


def enable(reason: Reason = "", as_json: Json = False) -> None:
    """Turn budgetctl on."""
    _switch(True, reason, as_json)


def disable(reason: Reason = "", as_json: Json = False) -> None:
    """Turn budgetctl off: registered default models, no forecasts, until it is enabled."""
    _switch(False, reason, as_json)


def undo(reason: Reason = "", as_json: Json = False) -> None:
    """Undo the last change of the limit, the reserve, the switch or the rule.

    Undone twice, it is as it was: the undo is a change too.
    """
    open_database()
    from allocation.audit.operations import facts
    from allocation.budgets import operations
    from allocation.budgets.models import BudgetRule
    from allocation.budgets.page import changes_in_words
    from budgetctl.cli import clock, rows

    before = facts(BudgetRule.objects.select_related("meter").get())
    rule = operations.undo_last(actor=rows.actor(), now=clock.now(), reason=reason)
    if not as_json:
        show([row("UNDONE", "; ".join(changes_in_words(before, facts(rule))))])
    _say(as_json)


def _switch(enabled: bool, reason: str, as_json: bool) -> None:
    open_database()
    from allocation.budgets import operations
    from budgetctl.cli import clock, rows

    operations.switch(enabled=enabled, actor=rows.actor(), now=clock.now(), reason=reason)
    _say(as_json)


def _say(as_json: bool) -> None:
    from allocation.api import week
    from allocation.usage.standing import standing_at
    from budgetctl.cli import clock, week_text

    said = week.standing(standing_at(clock.now()))
    emit(said) if as_json else show(week_text.rule(said))
