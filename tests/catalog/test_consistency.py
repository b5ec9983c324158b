"""Names and prices that have to agree with each other."""

from datetime import date

import pytest

from allocation.catalog.consistency import alias_key, check_price
from allocation.catalog.models import ClaudeModel
from allocation.policy.errors import RuleError
from tests.factories import PriceFactory, SubAgentAliasFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["Sec Reviewer", "sec_reviewer", "SEC-REVIEWER"])
def test_an_alias_is_kept_in_the_form_in_which_spellings_are_equal(name: str) -> None:
    assert alias_key(name=name) == "sec-reviewer"


def test_an_alias_may_keep_its_own_name_and_take_nobody_elses() -> None:
    alias = SubAgentAliasFactory(sub_agent__code="SECURITY", name="reviewer")
    assert alias_key(name="Reviewer", alias_pk=alias.pk) == "reviewer"
    with pytest.raises(RuleError, match="“Reviewer” is an alias of SECURITY already"):
        alias_key(name="Reviewer")


def test_a_long_prompt_price_follows_an_ordinary_one_of_its_day() -> None:
    model = ClaudeModel.objects.get(model_id="claude-opus-5").pk
    check_price(model_pk=model, valid_from=date(2025, 1, 1), prompt_over=200_000)
    with pytest.raises(RuleError, match="prompts over 200,000 from 2026-01-01 needs an ordinary"):
        check_price(model_pk=model, valid_from=date(2026, 1, 1), prompt_over=200_000)


def test_a_day_has_one_price_for_long_prompts() -> None:
    model = ClaudeModel.objects.get(model_id="claude-opus-5")
    PriceFactory(model=model, valid_from=date(2025, 1, 1), prompt_over=200_000)
    check_price(model_pk=model.pk, valid_from=date(2025, 1, 1), prompt_over=0)
    with pytest.raises(RuleError, match="over 200,000 and one for those over 500,000"):
        check_price(model_pk=model.pk, valid_from=date(2025, 1, 1), prompt_over=500_000)
