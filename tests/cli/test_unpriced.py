"""A budget in dollars, and what nobody knows the price of."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.cli.conftest import Cli
from tests.factories import BudgetRuleFactory, MeterFactory

pytestmark = pytest.mark.django_db


def test_a_budget_in_dollars_calls_unknown_what_has_no_price(
    cli: Cli, burn: Callable[..., None]
) -> None:
    burn(1_000, model="claude-mystery", sub_agent="RISK")
    BudgetRuleFactory(
        meter=MeterFactory(name="US dollars", weighting="dollars"), limit=Decimal(100)
    )
    table = cli("usage", "totals", "--by", "model").out
    assert "$0" not in table
    assert table.count("unknown") == 2
    (spent,) = [line for line in cli("status").out.splitlines() if "RISK" in line]
    assert "unknown" in spent
    assert "$0" not in spent
