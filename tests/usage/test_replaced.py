"""What changes between the look at transcripts and their reading, and between two pieces of one."""

from datetime import datetime
from pathlib import Path

import pytest

from allocation.usage import bookmarks
from allocation.usage.models import TranscriptFile, UsageRecord
from allocation.usage.operations import import_transcripts, store_readings
from allocation.usage.transcripts import importing, unread
from allocation.usage.transcripts.importing import ImportSummary, Plan, plan_import
from tests.usage.transcripts import append, response, text, totals, write

pytestmark = pytest.mark.django_db


def carry_out(plan: Plan, now: datetime) -> ImportSummary:
    with importing.reading(plan) as readings:
        return store_readings(plan, readings, now=now)


@pytest.mark.parametrize("lines", [1, 9])
def test_a_file_that_is_replaced_after_it_was_found_is_read_from_its_start(
    tmp_path: Path, now: datetime, lines: int
) -> None:
    file = write(tmp_path / "a.jsonl", *[response(f"m{n}", request_id=None) for n in range(3)])
    import_transcripts(paths=[tmp_path], now=now)
    append(file, text(response("m3", request_id=None)))
    plan = plan_import([tmp_path], known=bookmarks.known)
    write(file, *[response(f"other{n}", request_id=None) for n in range(lines)])
    carry_out(plan, now)
    import_transcripts(paths=[tmp_path], now=now)
    assert totals()["records"] == 3 + lines


def test_a_file_that_is_replaced_between_two_pieces_is_read_from_its_start(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "PIECE", 700)
    file = write(tmp_path / "a.jsonl", *[response(f"m{n}", request_id=None) for n in range(9)])
    plan = plan_import([tmp_path], known=bookmarks.known)
    with importing.reading(plan) as readings:
        pieces = [next(readings)]
        write(file, *[response(f"other{n}", request_id=None) for n in range(9)])
        store_readings(plan, [*pieces, *readings], now=now)
    import_transcripts(paths=[tmp_path], now=now)
    others = UsageRecord.objects.filter(message_id__startswith="other")
    assert others.count() == 9


def test_what_was_planned_by_another_database_is_not_taken_for_read(
    tmp_path: Path, now: datetime
) -> None:
    file = write(tmp_path / "a.jsonl", *[response(f"m{n}", request_id=None) for n in range(3)])
    import_transcripts(paths=[tmp_path], now=now)
    append(file, text(response("m3", request_id=None)))
    plan = plan_import([tmp_path], known=bookmarks.known)
    for table in (TranscriptFile, UsageRecord):
        table.objects.all().delete()
    assert carry_out(plan, now).new == 1
    assert import_transcripts(paths=[tmp_path], now=now).new == 3
    assert import_transcripts(paths=[tmp_path], now=now).files_read == 0


def test_a_piece_that_could_not_be_read_is_read_again(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "PIECE", 700)
    file = write(tmp_path / "a.jsonl", *[response(f"m{n}", request_id=None) for n in range(9)])
    plan = plan_import([tmp_path], known=bookmarks.known)
    away = file.rename(tmp_path / "away")
    with importing.reading(plan) as readings:
        pieces = [next(readings)]
        away.rename(file)
        store_readings(plan, [*pieces, *readings], now=now)
    assert 0 < totals()["records"] < 9
    import_transcripts(paths=[tmp_path], now=now)
    assert totals()["records"] == 9
