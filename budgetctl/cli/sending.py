"""An import on a machine that shares a server elsewhere: read here, counted there.

How far each file was sent stands in a file of this machine, one for each server. It is written
after the server has answered for a piece, and sending the same again changes nothing there: what
is cut off in the middle goes on from the last piece.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from allocation.api import wire
from allocation.claude_code.client.home import client_home, read_json, write_json
from allocation.usage.stored import Stored
from allocation.usage.transcripts.attribution import as_text
from allocation.usage.transcripts.discover import Found
from allocation.usage.transcripts.importing import import_unread
from allocation.usage.transcripts.reader import End, Reading
from allocation.usage.transcripts.unread import Bookmark, Bookmarks, moved
from budgetctl.cli.importing import Done, bar
from budgetctl.cli.refusals import Refused
from budgetctl.cli.remote import Hub

GOES_ON = "Nothing is lost: the same command goes on where it stopped."


def run(paths: Sequence[Path], to: Hub, *, sd: str | None, phase: str) -> Done:
    """Send what is new, with a bar on standard error where that is a terminal. With an `sd`
    everything is sent again and laid to it, except records that have an SD already.

    Raises Refused with the server's own sentence, and RuleError for a path that is none.
    """
    sent, weeks = Sent(to.url), 0
    laid_to = {"sd": sd, "phase": phase or None}
    # Before anything is read: does the server answer, may we, and is there such an SD? A server
    # that says no to a large body may do so before it has read it, and the answer is lost.
    _send(to, laid_to)

    def take(reading: Reading, files: dict[bytes, Found]) -> Stored:
        nonlocal weeks
        stored = Stored()
        for batch in wire.batches(reading):
            said = _send(to, batch | laid_to)
            stored.new += said["new"]
            stored.improved += said["improved"]
            stored.unchanged += said["unchanged"]
            stored.unknown_models += Counter(said["unknown_models"])
            weeks += said["weeks_made"]
        sent.keep(reading.ends, files)
        return stored

    with bar("Sending") as progress:
        summary = import_unread(
            paths, known=sent.known, again=sd is not None, take=take, progress=progress
        )
    return Done(summary, weeks)


def _send(to: Hub, batch: wire.Json) -> wire.Json:
    try:
        return to.post("/usage/transcripts", batch)
    except Refused as error:
        raise Refused(f"{error} {GOES_ON}") from error


class Sent:
    """The bookmarks of what was sent to a server. Raises OSError where they cannot be kept."""

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
        write_json(self._path, {"url": self._url, "files": self._bookmarks})
