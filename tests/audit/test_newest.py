"""What was read is kept until somebody edits something, and not for ever."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.test.utils import CaptureQueriesContext

from allocation.audit.newest import UntilEdited
from tests.factories import AuditEntryFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "holding", "reading"), [(0, 0, 1), (29, 0, 1), (30, 0, 2), (29, 1, 2), (-1, 0, 2)]
)
def test_it_is_kept_for_its_time_and_not_before_it_was_read(
    seconds: int, holding: int, reading: int
) -> None:
    numbers = count(1)
    kept = UntilEdited[int](timedelta(seconds=30))
    assert kept.get(NOON, lambda: next(numbers)) == 1
    later = NOON + timedelta(seconds=seconds)
    assert kept.get(later, lambda: next(numbers), holding=timedelta(seconds=holding)) == reading


def test_an_edit_has_it_read_anew_for_one_query(
    django_assert_num_queries: type[CaptureQueriesContext],
) -> None:
    numbers = count(1)
    kept = UntilEdited[int](timedelta(seconds=30))
    kept.get(NOON, lambda: next(numbers))
    AuditEntryFactory()
    with django_assert_num_queries(1):
        assert kept.get(NOON, lambda: next(numbers)) == 2
    kept.forget()
    assert kept.get(NOON, lambda: next(numbers)) == 3
