"""`budgetctl undo`: the last change of the rule goes back."""

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule
from tests.cli.conftest import Cli
from tests.factories import ChairmanFactory


def test_the_last_change_goes_back(cli: Cli) -> None:
    ChairmanFactory()
    cli("set-limit", "750k")
    ran = cli("undo", "--reason", "Too much", "--json")
    assert (ran.code, ran.json["limit"]) == (0, 500_000)
    assert BudgetRule.objects.get().limit == 500_000
    entry = AuditEntry.objects.get(action="undo of limit change")
    assert (entry.actor, entry.reason) == ("chairman", "Too much")


def test_what_was_undone_is_said(cli: Cli) -> None:
    cli("set-limit", "750k")
    cli("reserve", "10")
    assert cli("undo").out.splitlines()[0] == "  UNDONE      reserve, % 0 instead of 10"
    assert cli("undo").out.splitlines()[0] == "  UNDONE      reserve, % 10 instead of 0"


def test_nothing_to_undo_is_refused_in_one_line(cli: Cli) -> None:
    ran = cli("undo")
    assert ran.code == 1
    assert "The rule is as it was shipped: there is nothing to undo." in ran.err
