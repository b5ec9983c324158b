"""Names and prices that have to agree with each other."""

from datetime import date, datetime

import pytest

from allocation.audit.models import AuditEntry
from allocation.catalog.models import ClaudeModel, SubAgent
from allocation.catalog.operations import add_alias, alias_key, check_price
from allocation.policy.errors import RuleError

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["Sec Reviewer", "sec_reviewer", "SEC-REVIEWER"])
def test_an_alias_is_kept_in_the_form_in_which_spellings_are_equal(name: str) -> None:
    assert alias_key(name=name) == "sec-reviewer"


def test_an_added_alias_leaves_one_entry(now: datetime) -> None:
    security = SubAgent.objects.get(code="SECURITY")
    alias = add_alias(sub_agent=security, name=" reviewer ", actor="chairman", now=now)
    assert (alias.name, alias.normal_name) == ("reviewer", "reviewer")
    assert AuditEntry.objects.get().action == "alias creation"
    with pytest.raises(RuleError, match="“Reviewer” is an alias of SECURITY already"):
        add_alias(sub_agent=security, name="Reviewer", actor="chairman", now=now)


def test_an_alias_may_keep_its_own_name(now: datetime) -> None:
    security = SubAgent.objects.get(code="SECURITY")
    alias = add_alias(sub_agent=security, name="reviewer", actor="chairman", now=now)
    assert alias_key(name="Reviewer", alias_pk=alias.pk) == "reviewer"


def test_a_long_prompt_price_follows_an_ordinary_one_of_its_day() -> None:
    model = ClaudeModel.objects.get(model_id="claude-opus-5").pk
    check_price(model_pk=model, valid_from=date(2025, 1, 1), prompt_over=200_000)
    with pytest.raises(RuleError, match="prompts over 200,000 from 2026-01-01 needs an ordinary"):
        check_price(model_pk=model, valid_from=date(2026, 1, 1), prompt_over=200_000)
