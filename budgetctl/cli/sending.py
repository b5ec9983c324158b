"""An import on a machine that shares a server elsewhere: read here, counted there.

How far each file was sent stands in a file of this machine, one for each server. It is written
after the server has answered for a piece, and sending the same again changes nothing there: what
is cut off in the middle goes on from the last piece.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from allocation.api import wire
from allocation.claude_code.client.home import client_home, read_json, write_json
from allocation.claude_code.watch import Watcher
from allocation.policy.errors import RuleError
from allocation.usage.stored import Stored
from allocation.usage.transcripts.attribution import as_text
from allocation.usage.transcripts.discover import Found
from allocation.usage.transcripts.importing import (
    ImportSummary,
    Progress,
    carry_out,
    plan_import,
    reading,
)
from allocation.usage.transcripts.reader import End, Reading
from allocation.usage.transcripts.unread import Bookmark, Bookmarks, moved
from budgetctl.cli.refusals import Refused, first_line
from budgetctl.cli.remote import Hub
from budgetctl.cli.watching import WATCH_SECONDS, folders

PATH = "/usage/transcripts"
GOES_ON = "Nothing is lost: the same command goes on where it stopped."
ASKED_AGAIN = "Nothing is lost: it is tried again and again."
AWAY_SECONDS = 30


def send(
    paths: Sequence[Path],
    to: Hub,
    *,
    sd: str | None = None,
    phase: str = "",
    progress: Progress | None = None,
) -> ImportSummary:
    """Send what is new. With an `sd` everything is sent again and laid to it, except records that
    have an SD already.

    Raises Refused with the server's own sentence, and RuleError for a path that is none.
    """
    sent = Sent(to.url)
    laid_to = {"sd": sd, "phase": phase or None}
    # Before anything is read: does the server answer, may we, and is there such an SD? A server
    # that says no to a large body may do so before it has read it, and the answer is lost.
    to.post(PATH, laid_to)

    def take(piece: Reading, files: dict[bytes, Found]) -> Stored:
        stored = Stored()
        for batch in wire.batches(piece):
            said = to.post(PATH, batch | laid_to)
            stored.new += said["new"]
            stored.improved += said["improved"]
            stored.unchanged += said["unchanged"]
            stored.unknown_models += Counter(said["unknown_models"])
            stored.weeks_made += said["weeks_made"]
        sent.keep(piece.ends, files)
        return stored

    plan = plan_import(paths, known=sent.known, again=sd is not None)
    with reading(plan) as readings:
        return carry_out(plan, readings, take=take, progress=progress)


@contextmanager
def saying(what: str) -> Iterator[None]:
    """Add to the sentence of a refusal."""
    try:
        yield
    except Refused as error:
        raise Refused(f"{error} {what}") from error


def keep_sending(to: Hub, stopped: threading.Event, say: Callable[[str], object]) -> None:
    """Send what is written, as it is written, until the event is set.

    A server that refuses or is away is said once, and asked again and again.
    """
    watcher, trouble = Watcher(folders, lambda changed: send(changed, to)), ""
    while not stopped.is_set():
        before, trouble = trouble, ""
        try:
            watcher.step()
        except (Refused, RuleError, OSError) as error:
            trouble = f"{first_line(error)} {ASKED_AGAIN}"
        if trouble != before:
            say(trouble or f"{to.url} takes them again.")
        stopped.wait(AWAY_SECONDS if trouble else WATCH_SECONDS)


class Sent:
    """The bookmarks of what was sent to a server. Raises Refused where they cannot be kept."""

    def __init__(self, url: str) -> None:
        name = hashlib.sha256(url.encode()).hexdigest()[:16]
        self._url, self._path = url, f"{client_home()}/sent-{name}.json"
        try:
            kept = msgspec.convert(read_json(self._path).get("files", {}), dict[str, Bookmark])
        except msgspec.ValidationError:
            kept = {}  # everything is sent once more, which costs time alone
        # Harnesses purge their transcripts. A path with bytes that are no text cannot be looked up.
        self._bookmarks = {
            path: at for path, at in kept.items() if "\\x" in path or Path(path).exists()
        }
        self._write()  # before anything is sent, so that a folder that is read-only says so now

    def known(self, found: Sequence[Found]) -> Bookmarks:
        """All bookmarks, those of the found files among them."""
        return self._bookmarks

    def keep(self, ends: Iterable[End], files: dict[bytes, Found]) -> None:
        """Move the bookmarks to where the files have been sent."""
        for end in ends:
            file = files[end.path]
            name = as_text(file.path)
            self._bookmarks[name] = moved(end, file, self._bookmarks.get(name))
        self._write()

    def _write(self) -> None:
        try:
            write_json(self._path, {"url": self._url, "files": self._bookmarks})
        except OSError as error:
            raise Refused(
                f"How far each transcript was sent cannot be kept in {client_home()} "
                f"({error.strerror}). Set BUDGETCTL_HOME to a folder that you may write to."
            ) from error
