"""A round of scheduled work goes on past a part that fails."""

import logging
from datetime import datetime

import pytest
from django.db import OperationalError

from allocation.dashboard import tick as ticking
from allocation.dashboard.tick import tick
from tests.factories import NOW

pytestmark = pytest.mark.django_db


class Part:
    """Counts how often it was asked for, and fails as it was told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.rounds = error, 0

    def __call__(self, *, now: datetime) -> None:
        self.rounds += 1
        if self.error:
            raise self.error


def test_what_fails_holds_up_only_what_rests_on_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Part(ValueError("one")), Part(KeyError("two"))
    resting, other = Part(), Part()
    monkeypatch.setattr(ticking, "PARTS", ((first, resting), (second,), (other,)))
    with caplog.at_level(logging.ERROR), pytest.raises(ValueError, match="one"):
        tick(now=NOW)
    assert [part.rounds for part in (first, resting, second, other)] == [1, 0, 1, 1]
    assert [record.message for record in caplog.records] == [
        "Scheduled work failed: KeyError: 'two'"
    ]


def test_no_week_is_closed_on_sums_that_could_not_be_set_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Part()
    monkeypatch.setattr(ticking, "set_off_captured", Part(ValueError("one")))
    monkeypatch.setattr(ticking, "PARTS", ((other,),))
    with pytest.raises(ValueError, match="one"):
        tick(now=NOW)
    assert other.rounds == 0


def test_a_database_that_is_away_ends_the_round_and_hides_no_failure_before(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing, away, other = Part(ValueError("one")), Part(OperationalError("locked")), Part()
    monkeypatch.setattr(ticking, "PARTS", ((failing,), (away,), (other,)))
    with caplog.at_level(logging.ERROR), pytest.raises(OperationalError):
        tick(now=NOW)
    assert other.rounds == 0
    assert [record.message for record in caplog.records] == [
        "Scheduled work failed: ValueError: one"
    ]


def test_a_round_in_which_nothing_fails_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tick(now=NOW)
    assert not caplog.records
