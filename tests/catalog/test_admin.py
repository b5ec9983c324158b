"""Sub-agents, aliases, models, prices and the rubric as the Chairman edits them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allocation.audit.models import AuditEntry
from allocation.catalog.models import ClaudeModel, ComplexityLevel, Price, SubAgent, SubAgentAlias
from allocation.usage.models import UsageHour, UsageRecord
from tests.audit.admin_forms import said, send
from tests.factories import (
    NOW,
    ClaudeModelFactory,
    PriceFactory,
    SubAgentAliasFactory,
    SubAgentFactory,
    TaskTypeFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db

LONG = "claude-haiku-5-5"
COLUMNS = {"input": 1, "output": 5, "cache_write_5m": 1, "cache_write_1h": 2, "cache_read": 0}


def url_of(row: Any, verb: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{verb}", args=[row.pk])


def add_alias(client: Client, code: str, *names: str) -> Any:
    url = url_of(SubAgent.objects.get(code=code))
    total = {"aliases-TOTAL_FORMS": len(names)}
    new = {f"aliases-{n}-name": name for n, name in enumerate(names)}
    pk = SubAgent.objects.get(code=code).pk
    parents = {f"aliases-{n}-sub_agent": pk for n in range(len(names))}
    return send(client, url, **total, **new, **parents)


def counted(sub_agent: str, **columns: Any) -> UsageRecord:
    record: UsageRecord = UsageRecordFactory(sub_agent=sub_agent, **columns)
    rebuild_hours([record.at])
    return record


def test_an_alias_brings_the_usage_counted_under_that_name(chairman_client: Client) -> None:
    record = counted("security-reviewer", agent_type="security-reviewer", sidechain=True)
    page = add_alias(chairman_client, "SECURITY", "Security_Reviewer")
    assert "1 usage records belong to another sub-agent now" in said(page)
    record.refresh_from_db()
    assert record.sub_agent == "SECURITY"
    assert UsageHour.objects.get().sub_agent == "SECURITY"
    assert SubAgentAlias.objects.get().normal_name == "security-reviewer"


def test_a_name_that_was_pasted_with_signs_that_nobody_sees_is_refused(
    chairman_client: Client,
) -> None:
    unseen = "This has signs that cannot be seen"
    model = ClaudeModel.objects.get(model_id="claude-opus-5")
    page = send(chairman_client, url_of(model), model_id="claude-opus-5-1\u200b", reason="x")
    assert unseen in said(page)
    assert unseen in said(add_alias(chairman_client, "SECURITY", "security\u2060reviewer"))
    assert not AuditEntry.objects.exists()


def test_a_new_tier_has_a_rank_that_any_database_keeps(chairman_client: Client) -> None:
    url = reverse("admin:catalog_tier_add")
    page = send(chairman_client, url, name="Mini", rank="40000", reason="x")
    assert "Write a whole number up to 32,767." in said(page)
    send(chairman_client, url, name="Mini", rank="5", reason="x")
    assert AuditEntry.objects.get().subject == "tier mini"


def test_a_deleted_alias_gives_the_usage_its_own_name_back(chairman_client: Client) -> None:
    alias = SubAgentAliasFactory(sub_agent=SubAgentFactory(code="SECURITY"), name="reviewer")
    record = counted("SECURITY", agent_type="reviewer", sidechain=True)
    url = url_of(alias.sub_agent)
    page = send(chairman_client, url, **{"aliases-0-DELETE": "on"})
    assert "in the field Reason: a deletion needs a reason" in said(page)
    send(chairman_client, url, **{"aliases-0-DELETE": "on", "reason": "Retired."})
    record.refresh_from_db()
    assert record.sub_agent == "reviewer"
    assert AuditEntry.objects.get().action == "alias deletion"


def test_each_field_in_a_table_of_rows_is_named_by_its_row(chairman_client: Client) -> None:
    page = chairman_client.get(url_of(SubAgent.objects.get(code="VALIDATION"))).text
    assert 'aria-label="Name of another alias"' in page
    assert 'aria-label="Tier of VALIDATION in LEAD"' in page
    assert 'aria-label="Delete of VALIDATION in LEAD"' in page


def test_a_new_sub_agent_takes_the_usage_of_its_name(chairman_client: Client) -> None:
    record = counted("explore", agent_type="explore", sidechain=True)
    url = reverse("admin:catalog_subagent_add")
    tier = SubAgent.objects.get(code="API").default_tier_id
    page = send(chairman_client, url, code="EXPLORE", default_tier=tier)
    assert page.redirect_chain, said(page)
    record.refresh_from_db()
    assert record.sub_agent == "EXPLORE"


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["database"], "“database” is DATABASE already"),
        (["SECURITY"], "“SECURITY” is SECURITY already"),
        (["GitHub_enhanced"], "“GitHub_enhanced” is GITHUB-ENHANCED already"),
        (["Known-Name"], "“Known-Name” is an alias of API already: delete that one first."),
        (["--_"], "has no letters or digits"),
        (["one name", "One-Name"], "Two of these aliases are one name: delete one of them."),
    ],
)
def test_an_alias_that_leads_somewhere_already_is_refused(
    chairman_client: Client, names: list[str], sentence: str
) -> None:
    SubAgentAliasFactory(sub_agent=SubAgentFactory(code="API"), name="known_name")
    page = add_alias(chairman_client, "SECURITY", *names)
    assert sentence in said(page)
    assert SubAgentAlias.objects.count() == 1
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("KNOWN-NAME", "KNOWN-NAME is an alias of API: delete the alias first."),
        ("GITHUB--ENHANCED", "GITHUB--ENHANCED and GITHUB-ENHANCED are one name"),
        ("security", "security and SECURITY are one name"),
        ("SECURITY", "There is a sub-agent SECURITY already."),
        ("2FAST", "Use capital letters, digits and hyphens"),
    ],
)
def test_a_code_that_is_taken_is_refused(chairman_client: Client, code: str, sentence: str) -> None:
    api = SubAgentFactory(code="API")
    SubAgentAliasFactory(sub_agent=api, name="known_name")
    url = reverse("admin:catalog_subagent_add")
    page = send(chairman_client, url, code=code, default_tier=api.default_tier_id)
    assert sentence in said(page)
    assert SubAgent.objects.count() == 16


@pytest.mark.parametrize(
    ("row", "column"), [(SubAgentFactory, "tokens_max"), (TaskTypeFactory, "tokens")]
)
def test_a_count_that_not_every_database_keeps_is_refused(
    chairman_client: Client, row: Any, column: str
) -> None:
    url = url_of(row())
    page = send(chairman_client, url, **{column: 2**31}, reason="A slip.")
    assert "Write a whole number up to 2,147,483,647." in said(page)
    assert not AuditEntry.objects.exists()
    send(chairman_client, url, **{column: 2**31 - 1}, reason="As much as fits.")
    assert AuditEntry.objects.count() == 1


def test_the_range_of_tokens_must_rise(chairman_client: Client) -> None:
    url = url_of(SubAgent.objects.get(code="API"))
    page = send(chairman_client, url, tokens_min=9, tokens_max=8)
    assert "Tokens per run must go from the lower to the higher." in said(page)


def test_a_sub_agent_keeps_its_code(chairman_client: Client) -> None:
    send(chairman_client, url_of(SubAgent.objects.get(code="API")), code="OTHER")
    assert SubAgent.objects.filter(code="API").exists()


def test_the_page_of_a_sub_agent_shows_its_floors_and_changes_none(chairman_client: Client) -> None:
    url = url_of(SubAgent.objects.get(code="DATABASE"))
    assert "for read-only work" in said(chairman_client.get(url))


def long_price() -> Price:
    return Price.objects.get(model__model_id=LONG, prompt_over__gt=0)


def test_another_prompt_size_turns_records_into_long_prompts(chairman_client: Client) -> None:
    record = counted("", model=LONG, input=60_000)
    url = url_of(long_price())
    page = send(chairman_client, url, prompt_over=50_000, reason="The price list changed.")
    assert "1 usage records changed between ordinary and long prompts" in said(page)
    record.refresh_from_db()
    assert record.long_prompt
    assert UsageHour.objects.get().long_prompt
    assert AuditEntry.objects.get().after == {"prompt_over": 50_000}


def test_without_a_price_for_long_prompts_none_is_long(chairman_client: Client) -> None:
    record = counted("", model=LONG, input=200_000, long_prompt=True)
    url = url_of(long_price(), "delete")
    chairman_client.post(url, {"post": "yes", "reason": "Withdrawn."})
    record.refresh_from_db()
    assert not record.long_prompt


def test_a_correction_of_a_price_leaves_the_records_alone(chairman_client: Client) -> None:
    counted("", model=LONG, input=60_000)
    page = send(chairman_client, url_of(long_price()), input="0.60", reason="A slip.")
    assert "usage records" not in said(page)
    assert AuditEntry.objects.get().before == {"input": "0.5"}


def test_a_price_needs_a_reason(chairman_client: Client) -> None:
    page = send(chairman_client, url_of(long_price()), input="0.60")
    assert "Say why: this change needs a reason." in said(page)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"input": "-1"}, "greater than or equal to 0"),
        ({"valid_from": "2025-01-01", "prompt_over": 0}, "There is a price for this model, day"),
        ({"valid_from": "2026-10-01", "prompt_over": 9}, "needs an ordinary one of that day"),
        ({"valid_from": "soon"}, "Enter a valid date"),
    ],
)
def test_a_price_that_cannot_be_is_refused(
    chairman_client: Client, change: dict[str, Any], sentence: str
) -> None:
    model = ClaudeModel.objects.get(model_id="claude-opus-5")
    price = {"model": model.pk, "valid_from": "2026-12-01", **COLUMNS, "reason": "x", **change}
    page = send(chairman_client, reverse("admin:catalog_price_add"), **price)
    assert sentence in said(page)
    assert not AuditEntry.objects.exists()


def test_an_ordinary_price_stays_while_long_prompts_have_one(chairman_client: Client) -> None:
    ordinary = Price.objects.get(model__model_id=LONG, prompt_over=0)
    url = url_of(ordinary, "delete")
    page = chairman_client.post(url, {"post": "yes", "reason": "x"}, follow=True)
    assert "needs an ordinary one of that day" in said(page)
    assert Price.objects.filter(pk=ordinary.pk).exists()
    assert not AuditEntry.objects.exists()
    both = {"action": "delete_selected", "_selected_action": [ordinary.pk, long_price().pk]}
    chairman_client.post("/admin/catalog/price/", {**both, "post": "yes", "reason": "x"})
    assert AuditEntry.objects.count() == 2


@pytest.mark.parametrize(("priced", "found"), [("no", True), ("yes", False)])
def test_models_without_a_price_today_are_easy_to_find(
    chairman_client: Client, priced: str, found: bool
) -> None:
    ClaudeModelFactory(model_id="claude-next")
    PriceFactory(model=ClaudeModelFactory(model_id="claude-later"), valid_from="2090-01-01")
    page = said(chairman_client.get("/admin/catalog/claudemodel/", {"priced": priced}))
    assert ("claude-next" in page, "claude-later" in page) == (found, found)


@pytest.mark.parametrize(
    ("level", "change", "sentence"),
    [
        (2, {"max_lines": 10}, "lines of code of level 2 must go further than those of level 1"),
        (2, {"max_lines": ""}, "lines of code of level 3 must go further than those of level 2"),
        (4, {"max_dependencies": 5}, "dependencies of level 4 must go further"),
    ],
)
def test_the_bounds_of_the_rubric_rise(
    chairman_client: Client, level: int, change: dict[str, Any], sentence: str
) -> None:
    url = url_of(ComplexityLevel.objects.get(level=level))
    assert sentence in said(send(chairman_client, url, **change))
    assert not AuditEntry.objects.exists()


def test_a_bound_that_rises_is_stored(chairman_client: Client) -> None:
    send(chairman_client, url_of(ComplexityLevel.objects.get(level=2)), max_lines=60)
    assert AuditEntry.objects.get().after == {"max_lines": 60}


def test_a_kind_of_work_that_is_in_use_is_not_deleted(chairman_client: Client) -> None:
    url = url_of(TaskTypeFactory(slug="security-review"), "delete")
    page = chairman_client.post(url, {"post": "yes", "reason": "x"}, follow=True)
    assert "is in use and stays. These rows need it: Sub-agent: SECURITY" in said(page)


def test_the_day_of_a_price_is_the_only_thing_that_moves_with_it(chairman_client: Client) -> None:
    record = counted("", model=LONG, input=200_000, long_prompt=True, at=NOW)
    add = reverse("admin:catalog_price_add")
    model = ClaudeModel.objects.get(model_id=LONG).pk
    new = {"model": model, "valid_from": "2026-11-01", **COLUMNS, "reason": "New list."}
    page = send(chairman_client, add, **new)
    assert page.redirect_chain, said(page)
    record.refresh_from_db()
    assert not record.long_prompt  # the new list knows no price for long prompts
