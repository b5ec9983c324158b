"""Reviews, end-to-end tests and security checks: logged, shown, taken back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.policy.errors import RuleError
from allocation.policy.quality import EventKind
from allocation.reports.models import QualityEvent
from allocation.reports.operations import LONGEST_NOTE, QualityFacts, log_quality_event
from tests.factories import NOW, StrategicDirectiveFactory

pytestmark = pytest.mark.django_db

NEW = "/kpis/events/new/"
PASSED = QualityFacts(kind=EventKind.REVIEW, passed=1, failed=0)


def log(event: QualityFacts = PASSED, actor: str = "operator", **options: object) -> QualityEvent:
    return log_quality_event(event=event, actor=actor, now=NOW, **options)  # type: ignore[arg-type]


def test_an_event_leaves_one_row_and_one_entry() -> None:
    sd = StrategicDirectiveFactory(code="SD-REVIEWED")
    row = log(QualityFacts(kind=EventKind.E2E, passed=48, failed=2, sd=sd, note=" Flaky. "))
    assert (row.passed, row.failed, row.at, row.note) == (48, 2, NOW, "Flaky.")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("quality event log", "operator")
    assert entry.subject == "quality event end-to-end tests 2026-11-18 20:00"
    assert entry.after["sd"] == "SD-REVIEWED"


def test_the_same_key_logs_once() -> None:
    assert log(key="ci-1") == log(key="ci-1")
    assert log(key="ci-2") != log(key="ci-1")
    assert (QualityEvent.objects.count(), AuditEntry.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    ("event", "at", "sentence"),
    [
        (QualityFacts(kind=EventKind.REVIEW, passed=2, failed=0), NOW, "once"),
        (QualityFacts(kind=EventKind.E2E, passed=0, failed=0), NOW, "No test ran"),
        (PASSED, NOW + timedelta(seconds=1), "future"),
        (PASSED, NOW - timedelta(days=400), "more than a year ago"),
        (QualityFacts(kind=EventKind.REVIEW, passed=1, failed=0, phase="X"), NOW, "not a phase"),
        (
            QualityFacts(kind=EventKind.REVIEW, passed=1, failed=0, note="x" * (LONGEST_NOTE + 1)),
            NOW,
            "characters at most",
        ),
    ],
)
def test_what_is_no_event_is_refused(event: QualityFacts, at: object, sentence: str) -> None:
    with pytest.raises(RuleError, match=sentence):
        log(event, at=at)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("kind", "passed", "failed"), [("review", 1, 1), ("e2e", 0, 0), ("security", 1, 0)]
)
def test_the_database_holds_no_counts_that_make_no_sense(
    kind: str, passed: int, failed: int
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        QualityEvent.objects.create(
            kind=kind, at=NOW, passed=passed, failed=failed, actor="operator"
        )


@pytest.mark.parametrize(
    ("kind", "sent", "said", "counts"),
    [
        ("review", {"outcome": "passed"}, "code review, passed", (1, 0)),
        ("review", {"outcome": "failed"}, "code review, failed", (0, 1)),
        ("e2e", {"passed": "48", "failed": "2"}, "48 of 50 passed", (48, 2)),
        ("security", {"issues": "0"}, "security check, no issues", (0, 0)),
        ("security", {"issues": "1"}, "security check, 1 issue.", (0, 1)),
    ],
)
def test_an_operator_logs_an_event(
    operator_client: Client, kind: str, sent: dict[str, str], said: str, counts: tuple[int, int]
) -> None:
    StrategicDirectiveFactory(code="SD-REVIEWED")
    whose = {"sd": "sd-reviewed", "sub_agent": "SECURITY", "phase": "EXEC", "tier": "opus"}
    answer = operator_client.post(f"{NEW}{kind}/", sent | whose, follow=True)
    assert answer.redirect_chain == [("/kpis/", 302)]
    assert said in answer.content.decode()
    row = QualityEvent.objects.select_related("sd", "tier", "sub_agent").get()
    assert (row.passed, row.failed) == counts
    assert row.sd is not None
    assert (row.sd.code, str(row.sub_agent), str(row.tier)) == ("SD-REVIEWED", "SECURITY", "opus")
    assert row.actor == "operator"


@pytest.mark.parametrize(
    ("kind", "sent", "field"),
    [
        ("review", {}, "id_outcome"),
        ("review", {"outcome": "perhaps"}, "id_outcome"),
        ("e2e", {"passed": "0", "failed": "0"}, "No test ran"),
        ("e2e", {"passed": "-1", "failed": "2"}, "id_passed_error"),
        ("e2e", {"passed": "many", "failed": "2"}, "id_passed_error"),
        ("e2e", {"passed": "9" * 30, "failed": "2"}, "id_passed_error"),
        ("security", {"issues": ""}, "id_issues_error"),
        ("review", {"outcome": "passed", "sd": "SD-<b>"}, "SD-&lt;B&gt;"),
        ("review", {"outcome": "passed", "sub_agent": "9" * 30}, "id_sub_agent_error"),
        ("review", {"outcome": "passed", "tier": "gpt"}, "id_tier_error"),
        ("review", {"outcome": "passed", "phase": "LUNCH"}, "id_phase_error"),
        ("review", {"outcome": "passed", "at": "2999-01-01T00:00"}, "cannot lie in the future"),
        ("review", {"outcome": "passed", "at": "yesterday"}, "id_at_error"),
        ("review", {"outcome": "passed", "at": "2025-11-02T01:30"}, "The clocks change in that"),
        ("review", {"outcome": "passed", "at": "2025-03-09T02:30"}, "The clocks change in that"),
        ("review", {"outcome": "passed", "note": "a\x00b"}, "id_note_error"),
    ],
)
def test_bad_input_is_said_beside_its_field(
    operator_client: Client, kind: str, sent: dict[str, str], field: str
) -> None:
    answer = operator_client.post(f"{NEW}{kind}/", sent)
    assert answer.status_code == 422
    assert field in answer.content.decode()
    assert not QualityEvent.objects.exists()


def test_a_form_that_is_sent_twice_logs_once(operator_client: Client) -> None:
    page = operator_client.get(f"{NEW}review/")
    form = {"submission": str(page.context["form"]["submission"].value()), "outcome": "passed"}
    assert f'value="{form["submission"]}"' in page.text
    for _ in range(2):
        page = operator_client.post(f"{NEW}review/", form, follow=True)
        assert "Logged: code review, passed." in page.text
    page = operator_client.post(f"{NEW}review/", form | {"outcome": "failed"}, follow=True)
    assert "This form had logged code review, passed already" in page.text
    assert QualityEvent.objects.get().passed == 1


def test_the_form_has_a_tab_for_each_kind(operator_client: Client) -> None:
    assert operator_client.get(NEW).status_code == 200
    for kind in EventKind:
        assert operator_client.get(f"{NEW}{kind}/").status_code == 200
    assert operator_client.get(f"{NEW}lunch/").status_code == 404


def test_an_event_is_taken_back_by_who_logged_it_with_a_reason(operator_client: Client) -> None:
    url = f"/kpis/events/{log().pk}/delete/"
    assert "code review" in operator_client.get(url).content.decode().lower()
    assert operator_client.post(url, {"reason": "   "}).status_code == 422
    assert QualityEvent.objects.count() == 1
    operator_client.post(url, {"reason": "Logged twice."})
    assert not QualityEvent.objects.exists()
    entry = AuditEntry.objects.get(action="quality event deletion")
    assert (entry.reason, entry.before["passed"]) == ("Logged twice.", 1)


def test_others_events_are_the_chairmans_to_delete(
    operator_client: Client, chairman_client: Client
) -> None:
    url = f"/kpis/events/{log(actor='somebody').pk}/delete/"
    assert operator_client.post(url, {"reason": "Mine now."}).status_code == 403
    assert chairman_client.post(url, {"reason": "A slip."}).status_code == 302
    assert chairman_client.post(url, {"reason": "A slip."}).status_code == 404


def test_a_viewer_logs_and_deletes_nothing(viewer_client: Client, client: Client) -> None:
    url = f"/kpis/events/{log(actor='viewer').pk}/delete/"
    for address in (NEW, f"{NEW}e2e/", url):
        assert viewer_client.get(address).status_code == 403
        assert viewer_client.post(address, {"reason": "x"}).status_code == 403
        assert client.get(address).status_code == 302
    assert "Log quality event" not in viewer_client.get("/kpis/").content.decode()


def test_html_in_a_note_is_shown_and_not_run(viewer_client: Client) -> None:
    event = QualityFacts(kind=EventKind.REVIEW, passed=1, failed=0, note="<img src=x>")
    log_quality_event(event=event, actor="operator", now=timezone.now())
    text = viewer_client.get("/kpis/").content.decode()
    assert "&lt;img src=x&gt;" in text
    assert "<img" not in text
