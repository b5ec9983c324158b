"""What `budgetctl connect` does: the settings file, the token, and what is remembered of both."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from allocation.claude_code.client.home import client_home, read_json, site, write_json
from allocation.claude_code.client.transport import Away, parts, post
from allocation.claude_code.client.transport import Refused as NotTaken
from allocation.claude_code.connect.files import (
    Kept,
    SettingsFile,
    difference,
    read_settings,
    remove_settings,
    write_settings,
)
from allocation.claude_code.connect.merge import Merged, connected, disconnected
from allocation.claude_code.connect.wanted import Choice
from allocation.policy.errors import RuleError
from budgetctl.cli import own_token
from budgetctl.cli.refusals import Refused

DEFAULT_URL = "http://127.0.0.1:8000"
# Stands for the token while none is made: a look at what would be written makes nothing.
PLACEHOLDER = "bctl_00000000_made-when-it-is-written"
SECONDS = 3  # to see whether a server is there
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Change:
    """What the file will hold (None: it is removed), and what to know about it."""

    file: SettingsFile
    content: bytes | None
    nothing_to_do: str
    notes: tuple[str, ...] = ()

    @property
    def diff(self) -> str:
        """The change as a unified diff, "" for none."""
        return difference(self.file, self.content)


@dataclass(slots=True)
class Connecting:
    """One run of the command. `project` None means the user's settings."""

    project: Path | None
    url: str
    token: str
    http: bool
    fail_closed: bool
    folder: Path = field(init=False)
    is_new: bool = field(init=False, default=False)  # whether a token is to be made

    def __post_init__(self) -> None:
        self.folder = Path(client_home())
        known = read_json(str(self.folder / "connection.json"))
        if self.project is not None and not self.project.is_dir():
            raise Refused(f"There is no folder {self.project}.")
        before = str(known.get("url") or "")
        self.url = site(self.url or os.environ.get("BUDGETCTL_URL") or before or DEFAULT_URL)
        try:
            parts(self.url)
        except ValueError as error:
            raise Refused(f"--url must be an address such as {DEFAULT_URL}: {error}.") from error
        given = self.token or os.environ.get("BUDGETCTL_TOKEN", "")
        self.token = given or (str(known.get("token") or "") if before == self.url else "")

    @property
    def is_saved(self) -> bool:
        """Whether the client knows the server and the token already."""
        known = read_json(str(self.folder / "connection.json"))
        return not self.is_new and known == {"url": self.url, "token": self.token}

    def is_remembered(self, file: SettingsFile) -> bool:
        """Whether we wrote to a file and took nothing out of it since: its token holds still,
        whoever emptied or removed the file itself."""
        return self._kept(file) is not None

    def to_connect(self) -> Change:
        """The change that connects. Nothing is made yet, not even a token."""
        self.is_new = not self.token or self._is_refused()
        token = PLACEHOLDER if self.is_new else self.token
        if self.is_new and not self._can_make_one():
            refused = f"{self.url} does not take the token that is set. " if self.token else ""
            raise Refused(
                f"{refused}Set BUDGETCTL_TOKEN, or give --token: make one on the server of "
                f"{self.url}, with `budgetctl token create` or on its page Tokens, with the scopes "
                "hooks and usage."
            )
        file, change = self._merged(token)
        already = f"{file.path} is connected already."
        notes = (*change.notes, *self._is_away(), *self._in_the_clear())
        return Change(file, file.with_settings(change.settings), already, notes)

    def connect(self, change: Change) -> Iterator[str]:
        """Make the token, then write. What fails in between leaves no half of it behind."""
        if self.is_new:
            self.token = own_token.make()
        _, merged = self._merged(self.token)
        content = change.file.text_of(merged.settings)
        is_right = merged.settings == change.file.settings
        before = read_json(str(self.folder / "connection.json"))
        try:
            self._keep({"url": self.url, "token": self.token})
            backup = None
            if not is_right:
                backup = write_settings(change.file, content, backup=self._ending())
        except (RuleError, Refused):
            self._take_back(before)
            raise
        if not is_right:
            self._remember(change.file, Kept.of(merged.record, content, backup))
            yield f"Written: {change.file.path}"
            if backup:
                yield f"Backup:  {backup}"
        yield from self._end_replaced(before, change.file)
        yield f"Server:  {self.url}, its token in {self.folder / 'connection.json'}"
        if self.project is None:
            yield "Sessions that run already read telemetry settings when they start again."
        else:
            yield "Telemetry and the status line are set for the user only, without --project."
        yield "Check it with: budgetctl doctor"

    def to_undo(self) -> Change:
        """The change that takes everything out again."""
        file = read_settings(self._path())
        kept = self._kept(file)
        try:
            left = disconnected(file.settings, kept.record if kept else None)
        except RuleError as error:
            raise Refused(f"{file.path}: {error}; nothing was changed.") from error
        content = file.with_settings(left)
        if kept and content != file.raw:
            if not left and not kept.backup:
                content = None  # we made it, and it holds nothing else
            elif kept.is_untouched(file.raw) and (backup := Path(kept.backup)).is_file():
                content = backup.read_bytes()  # nobody touched it since: what it was
        return Change(file, content, f"{file.path} is not connected.")

    def undo(self, change: Change) -> Iterator[str]:
        """Take it out, forget it, and end the token where nothing else uses it."""
        file = change.file
        if change.content == file.raw:
            pass  # somebody took it out already
        elif change.content is None:
            remove_settings(file)
            yield f"Removed: {file.path}, which held nothing else"
        else:
            write_settings(file, change.content, backup=self._ending())
            yield f"Written: {file.path}, without budgetctl"
        rest = self._remember(file, None)
        if not rest:
            yield from self._forget_token()

    def _end_replaced(self, before: dict[str, Any], file: SettingsFile) -> Iterator[str]:
        """End the token that the new one stands in for, which no undo would find any more, unless
        other settings were written with it."""
        others = read_json(str(self.folder / "settings.json")).keys() - {str(file.path)}
        token = str(before.get("token") or "")
        if self.is_new and not others and (shown := own_token.end(token, if_made=True)):
            yield f"Revoked: the token {shown}, in whose place there is a new one"

    def _keep(self, connection: dict[str, Any]) -> None:
        try:
            write_json(str(self.folder / "connection.json"), connection)
        except OSError as error:
            raise Refused(f"{self.folder} cannot be written: {error.strerror}.") from error

    def _take_back(self, before: dict[str, Any]) -> None:
        """The connection as it was, and no new token: an undo would find nothing to end it by."""
        if self.is_new:
            own_token.end(self.token)
        with suppress(OSError, Refused):  # where it cannot be written, nothing was
            if before:
                self._keep(before)
            else:
                (self.folder / "connection.json").unlink(missing_ok=True)

    def _merged(self, token: str) -> tuple[SettingsFile, Merged]:
        file = read_settings(self._path())
        kept = self._kept(file)
        choice = Choice(
            url=self.url,
            token=token,
            script=_script(),
            home=str(self.folder.parent) if self._needs_home() else "",
            http=self.http,
            fail_closed=self.fail_closed,
            own_env=self.project is None,
        )
        try:
            merged = connected(
                file.settings,
                choice,
                kept.record if kept else None,
                with_status_line=self.project is None,
            )
        except RuleError as error:
            raise Refused(f"{file.path}: {error}; nothing was changed.") from error
        return file, merged

    def _is_away(self) -> Iterator[str]:
        """A note where no server answers: the address may be another one's."""
        try:
            post(self.url, "/hooks/health", {}, {}, SECONDS)
        except Away as error:
            yield f"{self.url} does not answer now ({error}). Start it, or give another --url."
        except NotTaken:
            pass  # it is there; nobody gave it a token yet

    def _in_the_clear(self) -> Iterator[str]:
        """A note where the token would go over a network as it is."""
        if not self.url.startswith("https://") and not self._is_local():
            yield f"{self.url} is not https: whoever is on the way there can read the token."

    def _path(self) -> Path:
        if self.project is not None:
            return self.project / ".claude" / "settings.local.json"
        config = os.environ.get("CLAUDE_CONFIG_DIR")
        return (Path(config) if config else Path.home() / ".claude") / "settings.json"

    def _needs_home(self) -> bool:
        """Whether hooks would not find our folder by themselves: they see no BUDGETCTL_HOME."""
        return self.folder.parent != Path("~/.budgetctl").expanduser()

    def _ending(self) -> str:
        from budgetctl.cli import clock

        return f"before-budgetctl-{clock.now():%Y%m%d-%H%M%S-%f}"

    def _kept(self, file: SettingsFile) -> Kept | None:
        return Kept.from_json(read_json(str(self.folder / "settings.json")).get(str(file.path)))

    def _remember(self, file: SettingsFile, kept: Kept | None) -> dict[str, Any]:
        """Keep, or forget with None, what was written; what is remembered then, by path."""
        path = str(self.folder / "settings.json")
        known = dict(read_json(path))
        before = Kept.from_json(known.pop(str(file.path), None))
        if before and kept:
            # The first backup is the one without us. It is no longer the whole of what was there
            # where somebody changed the file in between: then undo takes out our parts alone.
            digest = kept.digest if before.is_untouched(file.raw) else ""
            kept = replace(kept, backup=before.backup, digest=digest)
        if kept:
            known[str(file.path)] = kept.as_json()
        try:
            write_json(path, known)
        except OSError as error:
            raise Refused(f"{self.folder} cannot be written: {error.strerror}.") from error
        return known

    def _is_local(self) -> bool:
        return parts(self.url)[1] in LOOPBACK

    def _is_refused(self) -> bool:
        """Whether the server says no to the token; while it is away, whether its database here
        would."""
        try:
            headers = {"Authorization": f"Bearer {self.token}"}
            post(self.url, "/hooks/health", {}, headers, SECONDS)
        except NotTaken as error:
            return error.status in {401, 403}
        except Away:
            return self._is_local() and own_token.is_refused(self.token)
        return False

    def _can_make_one(self) -> bool:
        """Whether a new token would be one of this server, and be what the hooks send."""
        if self.token and self.token == os.environ.get("BUDGETCTL_TOKEN"):
            return False  # it goes before whatever is kept
        return self._is_local() and (not self.token or own_token.has_database())

    def _forget_token(self) -> Iterator[str]:
        (self.folder / "connection.json").unlink(missing_ok=True)
        is_ours = self.token and self._is_local() and own_token.has_database()
        if is_ours and (shown := own_token.end(self.token)):
            yield f"Revoked: the token {shown}"


def _script() -> str:
    """The console script to call, by its full path: hooks do not always see our PATH."""
    beside = Path(sys.executable).with_name("budgetctl")
    found = str(beside) if beside.exists() else shutil.which("budgetctl")
    return found or "budgetctl"
