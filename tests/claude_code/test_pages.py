"""The pages about Claude Code: what they show, and what they cost."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from allocation.api.models import MetricDay
from allocation.claude_code.causes import likely_cause
from allocation.claude_code.connect_page import plan_gauges
from allocation.claude_code.cross_check import checked_days
from allocation.claude_code.models import HarnessSession, PlanReading, UnsteeredRun
from allocation.decisions.trail import PAGE
from allocation.policy.model_truth import Truth
from tests.factories import DecisionFactory, SubAgentAliasFactory, UsageHourFactory

CONNECT, MISMATCHES = "/connect/", "/mismatches/"


def fill(number: int) -> None:
    """So many of everything that the pages list."""
    now = timezone.now()
    for n in range(number):
        session = f"session-{number}-{n}"
        HarnessSession.objects.create(
            session_id=session, machine="hub", first_heard=now, last_heard=now, hook_at=now
        )
        UnsteeredRun.objects.create(key=session, at=now, agent_type="forked", why="fork")
        DecisionFactory(
            at=now,
            sub_agent=f"made-up-{number}-{n}",
            session_id=session,
            observed="claude-opus-4-5",
            mismatch=Truth.SILENT_MISMATCH.value,
        )
        PlanReading.objects.create(
            at=now + timedelta(seconds=n),
            window="seven_day",
            used_percent=Decimal(n),
            resets_at=now + timedelta(days=2),
            session_id=session,
            source="status_line",
        )


@pytest.mark.parametrize("path", [CONNECT, MISMATCHES])
def test_pages_are_for_those_who_sign_in_and_for_reading(
    client: Client, viewer_client: Client, path: str
) -> None:
    assert client.get(path).status_code == 302
    assert viewer_client.get(path).status_code == 200
    assert viewer_client.post(path).status_code == 405


def test_the_tokens_are_found_by_who_may_revoke_them(
    chairman_client: Client, viewer_client: Client
) -> None:
    link = '<a class="button" href="/tokens/">Show tokens</a>'
    assert link in chairman_client.get(CONNECT).text
    assert link not in viewer_client.get(CONNECT).text


def test_what_to_do_comes_first_until_something_is_heard(chairman_client: Client) -> None:
    def places() -> list[int]:
        text = chairman_client.get(CONNECT).text
        assert text.count('id="on-this-machine"') == 1
        return [text.index(f'id="{part}"') for part in ("on-this-machine", "last-heard")]

    how, heard = places()
    assert how < heard
    fill(1)
    how, heard = places()
    assert how > heard


@pytest.mark.parametrize("path", [CONNECT, MISMATCHES])
def test_the_number_of_queries_does_not_grow(chairman_client: Client, path: str) -> None:
    counts = []
    for number in (2, 9):
        fill(number)
        with CaptureQueriesContext(connection) as found:
            chairman_client.get(path)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_what_was_heard_is_shown(chairman_client: Client) -> None:
    empty = chairman_client.get(CONNECT).content.decode()
    assert "No session has been heard yet" in empty
    assert "budgetctl connect claude-code --url http://testserver" in empty
    assert "auto mode" in empty
    fill(1)
    shown = chairman_client.get(CONNECT).content.decode()
    assert "hub" in shown
    assert "a fork: it keeps its parent’s model" in shown
    assert "7 days" in shown
    assert "/admin/catalog/subagent/add/?code=MADE-UP-1-0&amp;runs_in_exec=on" in shown


def test_telemetry_without_hooks_is_not_called_silence(chairman_client: Client) -> None:
    assert "No session has been heard yet" in chairman_client.get(CONNECT).text
    UsageHourFactory(hour=timezone.now(), source="otlp")
    text = chairman_client.get(CONNECT).text
    assert "No session has been heard yet" not in text
    assert "what runs is counted, and not steered" in text


def test_the_form_behind_an_unregistered_name_is_filled_in(chairman_client: Client) -> None:
    url = reverse("admin:catalog_subagent_add") + "?code=MADE-UP&runs_in_exec=on"
    assert 'value="MADE-UP"' in chairman_client.get(url).content.decode()


def test_registered_names_and_aliases_are_not_listed(chairman_client: Client) -> None:
    SubAgentAliasFactory(name="helper")
    for name in ("SECURITY", "security", "Helper", "unknown"):
        UsageHourFactory(hour=timezone.now().replace(minute=0), sub_agent=name)
    assert "nobody registered" not in chairman_client.get(CONNECT).content.decode()


@pytest.mark.django_db
def test_what_telemetry_counts_is_checked_by_its_own_sums(now: datetime) -> None:
    today, day = now.date(), timedelta(days=1)
    for ago, kind, tokens in (
        (0, "input", 900),
        (0, "cacheRead", 100),
        (1, "output", 500),
        (2, "input", 70),
        (9, "input", 5),
    ):
        MetricDay.objects.create(day=today - ago * day, model="x", kind=kind, tokens=tokens)
    UsageHourFactory(hour=now, source="otlp", input=600, output=0, cache_read=150)
    UsageHourFactory(hour=now, source="transcript", input=10_000)
    UsageHourFactory(hour=now - day, source="otlp", input=500, output=0)
    shown = [(row.day, row.counted, row.metrics, row.apart) for row in checked_days(now)]
    assert shown == [
        (today, 750, 1_000, "250 fewer, 25%"),
        (today - day, 500, 500, "as many"),
        (today - 2 * day, 0, 70, "70 fewer, 100%"),
    ]


def test_the_check_is_shown_where_there_is_one(chairman_client: Client) -> None:
    assert "Telemetry, checked" not in chairman_client.get(CONNECT).text
    MetricDay.objects.create(day=timezone.now().date(), model="x", kind="input", tokens=1_234)
    text = chairman_client.get(CONNECT).text
    assert "Telemetry, checked" in text
    assert "1,234 fewer, 100%" in text


@pytest.mark.django_db
def test_the_plans_windows_are_told_apart(now: datetime) -> None:
    assert plan_gauges(now=now) == []
    for hours, percent in ((-5, 80), (-4, 83), (-2, 2), (-1, 7)):
        PlanReading.objects.create(
            at=now + timedelta(hours=hours),
            window="seven_day",
            used_percent=Decimal(percent),
            resets_at=now + timedelta(days=2),
            source="status_line",
        )
    (gauge,) = plan_gauges(now=now)
    assert (gauge.percent, gauge.opened_percent, gauge.is_over) == (7, 2, False)
    assert [percent for _, percent in gauge.before] == [83]
    (later,) = plan_gauges(now=now + timedelta(days=3))
    assert later.is_over


def test_mismatches_come_with_their_rate_and_cause(chairman_client: Client) -> None:
    assert "no data yet" in chairman_client.get(MISMATCHES).content.decode()
    fill(1)
    now = timezone.now()
    DecisionFactory(at=now, mismatch=Truth.FOLLOWED.value, observed="claude-sonnet-4-5")
    DecisionFactory(at=now, mismatch=Truth.UNKNOWN.value)
    shown = chairman_client.get(MISMATCHES).content.decode()
    assert "50%" in shown
    assert "1 of 2 observed runs" in shown
    assert "Another hook answered last" in shown


def test_pages_of_mismatches_follow_each_other(chairman_client: Client) -> None:
    now, truth = timezone.now(), Truth.SILENT_MISMATCH.value
    rows = [DecisionFactory(at=now - timedelta(minutes=n), mismatch=truth) for n in range(PAGE + 2)]
    first = chairman_client.get(MISMATCHES).context["page"]
    second = chairman_client.get(MISMATCHES + first.older_url).context["page"]
    seen = [row.decision.pk for row in (*first.rows, *second.rows)]
    assert seen == [row.pk for row in rows]
    assert chairman_client.get(MISMATCHES + second.newer_url).context["page"] == first
    lost = chairman_client.get(MISMATCHES + "?before=yesterday")
    assert (lost.status_code, "This page does not exist" in lost.text) == (422, True)


@pytest.mark.parametrize(
    ("recommended", "requested", "observed", "version", "part"),
    [
        ("", "", "opus", "", "put off"),
        ("haiku", "", "opus", "2.1.242", "CLAUDE_CODE_SUBAGENT_MODEL"),
        ("haiku", "opus", "opus", "2.1.330", "what the call asked for"),
        ("haiku", "", "opus", "2.1.330", "gateway"),
        ("haiku", "sonnet", "opus", "", "gateway"),
    ],
)
def test_the_likely_cause(
    recommended: str, requested: str, observed: str, version: str, part: str
) -> None:
    said = likely_cause(
        recommended=recommended, requested=requested, observed_tier=observed, cli_version=version
    )
    assert part in said
