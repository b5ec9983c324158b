"""The audit trail of decisions as its reader sees it."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allocation.budgets.operations import set_limit, switch
from allocation.decisions import export
from allocation.decisions.deferrals import run_now
from allocation.decisions.models import Decision, DeferredRun
from allocation.decisions.operations import Run, decide
from allocation.decisions.situation import situation_at
from allocation.decisions.trail import PAGE, Filters, trail_page
from allocation.directives.models import Status
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task
from tests.factories import (
    NOW,
    WEEK_END,
    BudgetRuleFactory,
    BudgetWeekFactory,
    DecisionFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
    TierFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db

LIST = "/decisions/"


def newest_first() -> list[int]:
    return list(Decision.objects.values_list("pk", flat=True))


def test_pages_follow_each_other_without_gap_or_overlap() -> None:
    for number in range(2 * PAGE + 7):
        # Several share a moment: the order must not hang on the time alone.
        DecisionFactory(at=NOW - timedelta(minutes=number // 3))
    seen, url = [], "?"
    while url:
        cursor = dict(part.split("=") for part in url[1:].split("&") if part)
        before = cursor.get("before", "").replace("%3A", ":").replace("%2B", "+")
        page = trail_page(Filters(), before=before)
        seen += [row.pk for row in page.decisions]
        url = page.older_url
    assert seen == newest_first()


def test_newer_leads_back_to_the_same_page(chairman_client: Client) -> None:
    for number in range(PAGE + 5):
        DecisionFactory(at=NOW - timedelta(minutes=number))
    second = chairman_client.get(LIST + trail_page(Filters()).older_url)
    first = chairman_client.get(LIST + second.context["page"].newer_url)
    assert [row.pk for row in first.context["page"].decisions] == newest_first()[:PAGE]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 3),
        ({"sub_agent": "docmon"}, 1),
        ({"sd": "sd-test-007"}, 1),
        ({"outcome": "defer"}, 1),
        ({"override": "yes"}, 1),
        ({"override": "no"}, 2),
        ({"week": "2026-11-16"}, 2),
        ({"week": "2026-11-16", "outcome": "defer"}, 0),
        ({"mismatch": "silent_mismatch"}, 0),
        ({"unheard-of": "x"}, 3),
    ],
)
def test_filters_live_in_the_url(
    chairman_client: Client, query: dict[str, str], found: int
) -> None:
    BudgetWeekFactory()
    DecisionFactory(sub_agent="DOCMON", sd=StrategicDirectiveFactory(code="SD-TEST-007"))
    DecisionFactory(override=OverrideFactory(sub_agent=SubAgentFactory(code="API")))
    DecisionFactory(at=NOW - timedelta(days=9), outcome="defer", recommended=None)
    page = chairman_client.get(LIST, query).context["page"]
    assert len(page.decisions) == found


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"week": "soon"}, "“soon” is not a day"),
        ({"week": "2020-01-01"}, "No budget week began on 2020-01-01."),
        ({"before": "nonsense"}, "This page does not exist"),
        ({"after": "2026-11-16_x"}, "This page does not exist"),
        ({"week": "9999-12-31"}, "No budget week began on 9999-12-31."),
        ({"before": "0001-01-01T00:00:00+14:00_1"}, "This page does not exist"),
        ({"after": "9999-12-31T23:59:59-14:00_1"}, "This page does not exist"),
    ],
)
def test_a_url_that_makes_no_sense_gets_one_sentence(
    chairman_client: Client, query: dict[str, str], sentence: str
) -> None:
    answer = chairman_client.get(LIST, query)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_the_list_takes_as_many_queries_however_long_it_is(
    chairman_client: Client, django_assert_max_num_queries: object
) -> None:
    for _ in range(30):
        DecisionFactory(sd=StrategicDirectiveFactory())
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        chairman_client.get(LIST)


def test_an_empty_trail_says_how_to_begin(chairman_client: Client) -> None:
    assert "Connect Claude Code" in chairman_client.get(LIST).content.decode()


def test_csv_holds_exactly_what_is_filtered_and_no_formulas(chairman_client: Client) -> None:
    DecisionFactory(sub_agent="DOCMON", reason='=HYPERLINK("x")')
    DecisionFactory(sub_agent="API")
    answer = chairman_client.get(
        reverse("decisions:export-decisions", args=["csv"]) + "?sub_agent=DOCMON"
    )
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [row["sub_agent"] for row in rows] == ["DOCMON"]
    assert rows[0]["reason"].startswith("'=")


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_an_export_goes_on_where_a_batch_ends(
    chairman_client: Client, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(export, "BATCH", 3)
    for number in range(8):
        DecisionFactory(at=NOW - timedelta(minutes=number // 3))
    answer = chairman_client.get(f"{LIST}export.{suffix}")
    chunks = [chunk.decode() for chunk in answer.streaming_content]  # type: ignore[attr-defined]  # a stream
    text = "".join(chunks)
    read = json.loads(text) if suffix == "json" else list(csv.DictReader(io.StringIO(text)))
    assert [int(row["id"]) for row in read] == newest_first()
    assert len(chunks) == 4


def test_an_export_of_nothing_is_empty(chairman_client: Client) -> None:
    assert json.loads(chairman_client.get(f"{LIST}export.json").getvalue()) == []
    assert len(chairman_client.get(f"{LIST}export.csv").getvalue().splitlines()) == 1


def test_json_is_one_array(chairman_client: Client) -> None:
    sd = StrategicDirectiveFactory()
    DecisionFactory(sd=sd)
    DecisionFactory()
    answer = chairman_client.get(reverse("decisions:export-decisions", args=["json"]))
    rows = json.loads(answer.getvalue())
    assert [row["sd"] for row in rows] == [None, sd.code]


def test_an_export_with_a_filter_that_makes_no_sense_is_not_found(chairman_client: Client) -> None:
    url = reverse("decisions:export-decisions", args=["csv"])
    assert chairman_client.get(url, {"week": "soon"}).status_code == 404
    with pytest.raises(RuleError):
        Filters(week="soon").rows()


def test_an_explanation_shows_the_path_and_every_other_zone(chairman_client: Client) -> None:
    task = Task("VALIDATION", Phase.EXEC, 3, critical=True)
    decision, _ = decide(situation=situation_at(NOW), run=Run(task=task), actor="fleet", now=NOW)
    answer = chairman_client.get(reverse("decisions:explain-decision", args=[decision.pk]))
    text = answer.content.decode()
    assert "Complexity 3 prefers sonnet." in text
    assert "raised from sonnet to its floor" in text
    tiers = [row.recommendation.tier for row in answer.context["page"].zones]
    assert [tier and tier.name for tier in tiers] == ["opus", "opus", "opus", None]
    assert [row.was_so for row in answer.context["page"].zones] == [True, False, False, False]
    assert "no usage is tied to this run" in text


def test_html_in_a_reason_is_shown_and_not_run(chairman_client: Client) -> None:
    DecisionFactory(reason="<script>alert(1)</script>")
    text = chairman_client.get(LIST).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("path", [LIST, "/decisions/1/", "/decisions/export.csv"])
def test_nobody_reads_it_without_signing_in(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    assert client.get(path)["Location"].startswith("/accounts/login/")


def test_a_decision_that_is_not_there_is_not_found(chairman_client: Client) -> None:
    assert chairman_client.get("/decisions/404/").status_code == 404


def test_an_explanation_says_what_the_run_cost(chairman_client: Client) -> None:
    run = Run(task=Task("SECURITY", Phase.EXEC, 3), session_id="session-1", agent_id="a1")
    decision, _ = decide(situation=situation_at(NOW), run=run, actor="fleet", now=NOW)
    url = reverse("decisions:explain-decision", args=[decision.pk])
    assert "no usage is tied to this run" in chairman_client.get(url).content.decode()
    UsageRecordFactory(session_id="session-1", agent_id="a1", model="claude-opus-4-5")
    UsageRecordFactory(session_id="session-1", agent_id="a2", model="claude-opus-4-5")
    text = chairman_client.get(url).content.decode()
    assert "2,000 budget tokens, 1,200 raw" in text


def explained(client: Client, task: Task, **options: Any) -> str:
    run = Run(task=task, **options)
    decision, _ = decide(situation=situation_at(NOW), run=run, actor="fleet", now=NOW)
    return client.get(f"{LIST}{decision.pk}/").content.decode()


def test_an_explanation_shows_the_inputs_as_they_were(chairman_client: Client) -> None:
    text = explained(chairman_client, Task("DATABASE", Phase.PLAN, 4, read_only=True))
    assert "0 of 500,000 by the meter sonnet-equivalent" in text
    assert "sonnet, gives way to haiku for read-only work" in text
    assert "PLAN, complexity 4, read-only" in text


def test_a_share_just_below_a_bound_is_never_called_the_bound(chairman_client: Client) -> None:
    record = UsageRecordFactory(input=699_999_999, output=0)
    rebuild_hours([record.hour])
    set_limit(limit=Decimal(1_000_000_000), actor="chairman", now=NOW)
    text = explained(chairman_client, Task("DOCMON", Phase.EXEC, 1))
    decision = Decision.objects.get()
    assert (decision.zone, decision.share_percent) == ("GREEN", Decimal("69.9999"))
    assert "69% used: 699,999,999 of 1,000,000,000" in text


def test_an_explanation_goes_from_the_complexity_to_the_result(chairman_client: Client) -> None:
    text = explained(chairman_client, Task("DOCMON", Phase.EXEC, 3))
    said = (
        "Complexity 3 prefers sonnet.",
        "the preferred sonnet is affordable.",
        "The floor is haiku: sonnet is above it.",
        "DOCMON runs on sonnet.",
    )
    places = [text.index(f"{sentence}</span>") for sentence in said]
    assert places == sorted(places)
    assert "Sonnet is the floor." in explained(chairman_client, Task("DATABASE", Phase.PLAN, 3))
    raised = explained(chairman_client, Task("SECURITY", Phase.EXEC, 3))
    assert "raised from sonnet to its floor" in raised
    assert "The floor is" not in raised


def test_a_halted_run_has_no_say_of_the_zone(chairman_client: Client) -> None:
    sd = StrategicDirectiveFactory(phase="EXEC", status=Status.PAUSED)
    text = explained(chairman_client, Task("DOCMON", Phase.EXEC, 1), sd=sd)
    assert "DOCMON is refused" in text
    assert "would have been refused in every zone" in text


def test_while_off_every_zone_gave_the_default(chairman_client: Client) -> None:
    switch(enabled=False, actor="chairman", now=NOW)
    text = explained(chairman_client, Task("DOCMON", Phase.EXEC, 1))
    assert "every zone would have given the registered default" in text


def test_an_explanation_says_how_a_deferral_ended(chairman_client: Client) -> None:
    BudgetRuleFactory(limit=1_000)
    BudgetWeekFactory(limit=1_000)
    burn = UsageRecordFactory(input=5_000)
    rebuild_hours([burn.hour])
    task = Task("VALIDATION", Phase.EXEC, 3)
    text = explained(chairman_client, task)
    assert "VALIDATION is deferred" in text
    assert "Waits in the" in text
    assert "An earlier run of the same kind" in explained(chairman_client, task)
    row = DeferredRun.objects.get()
    tier = TierFactory(name="opus")
    run_now(row=row, tier=tier, reason="It is late.", actor="chairman", now=NOW, until=WEEK_END)
    url = f"{LIST}{row.decision_id}/"
    text = chairman_client.get(url).content.decode()
    assert "by chairman, with an override to opus: It is late." in text
    DeferredRun.objects.update(override=None)
    assert "Left the queue" in chairman_client.get(url).content.decode()
