"""The lesson of a week: signed, dated, reworded in the open."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from allocation.audit.models import AuditEntry
from allocation.policy.errors import RuleError
from allocation.reports.models import WeekLesson
from allocation.reports.operations import LONGEST_LESSON, close_weeks, write_lesson
from tests.factories import NOW, WEEK_END, BudgetWeekFactory

pytestmark = pytest.mark.django_db

PAGE, URL = "/audit/2026-W47/", "/audit/2026-W47/lesson/"


def test_the_chairman_writes_a_lesson_and_signs_it(chairman_client: Client) -> None:
    BudgetWeekFactory()
    close_weeks(now=WEEK_END)
    answer = chairman_client.post(URL, {"text": " Start big SDs on Monday. "}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    text = answer.content.decode()
    assert "Start big SDs on Monday." in text
    assert "The lesson is saved." in text
    lesson = WeekLesson.objects.get()
    assert (lesson.text, lesson.author) == ("Start big SDs on Monday.", "chairman")
    entry = AuditEntry.objects.get(action="lesson creation")
    assert entry.subject == "lesson week of 2026-11-16"


def test_a_new_wording_keeps_the_one_before(chairman_client: Client) -> None:
    BudgetWeekFactory()
    chairman_client.post(URL, {"text": "First."})
    first = WeekLesson.objects.get()
    chairman_client.post(URL, {"text": "Second.", "seen": first.pk})
    page = chairman_client.get(PAGE).context["page"]
    assert (page.lesson.text, [old.text for old in page.earlier]) == ("Second.", ["First."])
    entry = AuditEntry.objects.get(action="lesson change")
    assert (entry.before, entry.after) == ({"text": "First."}, {"text": "Second."})


def test_the_same_words_leave_no_trace() -> None:
    week = BudgetWeekFactory()
    one = write_lesson(week=week, text="Same.", actor="chairman", now=NOW, seen=None)
    two = write_lesson(week=week, text=" Same. ", actor="chairman", now=NOW, seen=one.pk)
    assert (one, AuditEntry.objects.count()) == (two, 1)


def test_the_second_of_two_tabs_is_told_and_nothing_is_lost(chairman_client: Client) -> None:
    BudgetWeekFactory()
    chairman_client.post(URL, {"text": "From the first tab."})
    answer = chairman_client.post(URL, {"text": "From the second tab.", "seen": ""})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "chairman changed the lesson while you were writing." in text
    assert "From the first tab." in text
    assert "From the second tab." in text
    seen = str(WeekLesson.objects.get().pk)
    assert f'name="seen" value="{seen}"' in text
    chairman_client.post(URL, {"text": "From the second tab.", "seen": seen})
    assert WeekLesson.objects.count() == 2


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t ", "\u200b", "x" * (LONGEST_LESSON + 1), "a\x00b"]
)
def test_a_lesson_that_is_none_is_refused_beside_its_field(
    chairman_client: Client, text: str
) -> None:
    BudgetWeekFactory()
    answer = chairman_client.post(URL, {"text": text})
    assert answer.status_code == 422
    assert 'id="id_text_error"' in answer.content.decode()
    assert not WeekLesson.objects.exists()


def test_the_operation_refuses_too() -> None:
    week = BudgetWeekFactory()
    for text in ("  ", "x" * (LONGEST_LESSON + 1)):
        with pytest.raises(RuleError):
            write_lesson(week=week, text=text, actor="chairman", now=NOW, seen=None)


def test_html_in_a_lesson_is_shown_and_not_run(chairman_client: Client) -> None:
    BudgetWeekFactory()
    chairman_client.post(URL, {"text": "<script>alert(1)</script>"})
    text = chairman_client.get(PAGE).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_others_read_the_lesson_and_do_not_write_it(
    operator_client: Client, viewer_client: Client, chairman: User
) -> None:
    week = BudgetWeekFactory()
    write_lesson(week=week, text="Read me.", actor=str(chairman), now=NOW, seen=None)
    for client in (operator_client, viewer_client):
        text = client.get(PAGE).content.decode()
        assert "Read me." in text
        assert "Save lesson" not in text
        assert client.post(URL, {"text": "Mine."}).status_code == 403
    assert Client().post(URL, {"text": "Mine."}).status_code == 302
    assert WeekLesson.objects.count() == 1


def test_a_lesson_is_written_by_post_only_and_for_a_week_that_is_there(
    chairman_client: Client,
) -> None:
    BudgetWeekFactory()
    assert chairman_client.get(URL).status_code == 405
    assert chairman_client.post("/audit/2026-W01/lesson/", {"text": "x"}).status_code == 404
