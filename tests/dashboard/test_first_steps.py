"""The first day: what to do until usage is counted, and that the limit is a guess."""

from decimal import Decimal

import pytest
from django.test import Client

from allocation.budgets.operations import set_limit
from allocation.claude_code.models import HarnessSession
from tests.dashboard.conftest import page, use
from tests.factories import NOW, StrategicDirectiveFactory

pytestmark = pytest.mark.django_db

HEADING = "First steps"
GUESS = "Set the limit that your plan grants"


def done() -> list[bool]:
    return [step.done for step in page().first_steps]


def test_each_step_is_done_by_doing_it() -> None:
    assert done() == [False, False, False]
    set_limit(limit=Decimal(900_000), actor="chairman", now=NOW)
    assert done() == [True, False, False]
    HarnessSession.objects.create(session_id="a", first_heard=NOW, last_heard=NOW)
    StrategicDirectiveFactory()
    assert done() == [True, True, True]


def test_they_lead_somewhere_and_say_what_is_done(chairman_client: Client) -> None:
    StrategicDirectiveFactory()
    text = chairman_client.get("/").text
    assert HEADING in text
    assert text.count('<span class="tag">done</span>') == 1
    for step in page().first_steps:
        assert chairman_client.get(step.url).status_code == 200


def test_one_step_is_next_and_nothing_empty_stands_below(chairman_client: Client) -> None:
    assert [step.next for step in page().first_steps] == [True, False, False]
    set_limit(limit=Decimal(900_000), actor="chairman", now=NOW)
    assert [step.next for step in page().first_steps] == [False, True, False]
    text = chairman_client.get("/").text
    assert text.count("Create SD") == text.count("button-primary") == 1
    for later in ("Next SD", "Burn-down", "Where the tokens went", "Optimisation opp", "Last ten"):
        assert later not in text
    StrategicDirectiveFactory()
    assert "Next SD" in chairman_client.get("/").text


def test_they_go_when_usage_is_counted_and_the_guess_is_said(chairman_client: Client) -> None:
    use(1)
    assert page().first_steps == []
    text = chairman_client.get("/").text
    assert HEADING not in text
    assert GUESS in text
    set_limit(limit=Decimal(600_000), actor="chairman", now=NOW)
    assert GUESS not in chairman_client.get("/").text


def test_nobody_else_is_asked_for_what_only_the_chairman_may(viewer_client: Client) -> None:
    assert HEADING not in viewer_client.get("/").text
    use(1)
    assert GUESS not in viewer_client.get("/").text
