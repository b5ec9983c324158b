"""The watcher: what is appended is counted with its next step, whatever happens to the files."""

import json
from pathlib import Path

import pytest

from allocation.claude_code.watch import Watcher
from allocation.usage.models import UsageHour, UsageRecord
from allocation.usage.operations import import_transcripts
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def line(number: int, output: int = 7) -> str:
    """One answer, as a transcript has it."""
    return json.dumps(
        {
            "type": "assistant",
            "sessionId": "s1",
            "requestId": f"req_{number}",
            "timestamp": "2026-11-18T19:00:00.000Z",
            "message": {
                "id": f"msg_{number}",
                "model": "claude-sonnet-4-5",
                "role": "assistant",
                "stop_reason": "end_turn",
                "content": [],
                "usage": {"input_tokens": 100, "output_tokens": output},
            },
        }
    )


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    path = tmp_path / "projects" / "-home-dev-proj" / "s1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(line(1) + "\n")
    return path


def watching(*folders: Path) -> Watcher:
    return Watcher(lambda: folders, lambda changed: import_transcripts(paths=changed, now=NOW))


@pytest.fixture
def watcher(transcript: Path) -> Watcher:
    return watching(transcript.parents[1])


def test_an_appended_line_is_in_the_totals_after_the_next_step(
    watcher: Watcher, transcript: Path
) -> None:
    watcher.step()
    assert watcher.step() is None, "nothing is opened while nothing changed"
    with transcript.open("a") as file:
        file.write(line(2) + "\n")
    summary = watcher.step()
    assert summary
    assert (summary.new, summary.lines) == (1, 1)
    assert sum(row.output for row in UsageHour.objects.all()) == 14


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(
    watcher: Watcher, transcript: Path
) -> None:
    watcher.step()
    whole = line(2) + "\n"
    with transcript.open("a") as file:
        file.write(whole[:80])
    watcher.step()
    with transcript.open("a") as file:
        file.write(whole[80:])
    watcher.step()
    assert UsageRecord.objects.count() == 2


def test_a_file_that_was_replaced_is_read_from_its_start(
    watcher: Watcher, transcript: Path
) -> None:
    watcher.step()
    transcript.write_text("\n".join(line(number) for number in (5, 6, 7)) + "\n")
    watcher.step()
    assert UsageRecord.objects.count() == 4


def test_a_file_that_was_swept_loses_nothing(watcher: Watcher, transcript: Path) -> None:
    watcher.step()
    transcript.unlink()
    watcher.step()
    transcript.with_name("s2.jsonl").write_text(line(2) + "\n")
    watcher.step()
    assert UsageRecord.objects.count() == 2


def test_two_watchers_count_nothing_twice(transcript: Path) -> None:
    for _ in range(2):
        watching(transcript.parents[1]).step()
    assert UsageRecord.objects.count() == 1


def test_without_a_folder_there_is_nothing_to_do() -> None:
    assert watching().step() is None


def test_a_file_that_may_be_read_at_last_is_read(
    watcher: Watcher, transcript: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File modes do not stop root, which the tests may run as; what opens files here does."""

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        watcher.step()
    assert not UsageRecord.objects.exists()
    assert watcher.step() is None
    transcript.chmod(0o640)
    watcher.step()
    assert UsageRecord.objects.count() == 1
