"""Settings files: written as they were, refused where they are no JSON, never lost."""

import json
import os
from pathlib import Path

import pytest

from allocation.claude_code.connect.files import (
    SettingsFile,
    difference,
    read_settings,
    remove_settings,
    write_settings,
)
from allocation.claude_code.connect.merge import connected
from allocation.policy.errors import RuleError
from tests.claude_code.test_settings import CHOICE, TOKEN

FILES = {
    "two spaces": b'{\n  "model": "opus",\n  "a": {\n    "b": []\n  }\n}\n',
    "four, no last newline": b'{\n    "model": "opus"\n}',
    "tabs": b'{\n\t"model": "opus"\n}\n',
    "CRLF": b'{\r\n  "model": "opus"\r\n}\r\n',
    "a byte order mark": b'\xef\xbb\xbf{\n  "model": "\xc3\xa9"\n}\n',
}


@pytest.mark.parametrize("raw", FILES.values(), ids=FILES)
def test_a_file_is_written_as_it_was(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(raw)
    file = read_settings(path)
    assert file.text_of(file.settings).replace(b"[]", b"[]") == raw
    assert difference(file, file.with_settings(file.settings)) == ""
    shown = difference(file, file.text_of(connected(file.settings, CHOICE).settings))
    removed = [line for line in shown.splitlines() if line.startswith("-") and line[:3] != "---"]
    assert len(removed) <= 1, "only the last key gets a comma"
    assert TOKEN not in shown


@pytest.mark.parametrize(
    "raw",
    [
        b'{// a comment\n"a": 1}',
        b"{'a': 1}",
        b'{"a": 1,}',
        b"",
        b"[]",
        b'{"a": 1, "a": 2}',
        b"\xff",
    ],
)
def test_a_file_that_is_not_plain_json_is_refused_and_left(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(raw)
    with pytest.raises(RuleError, match=r"nothing was changed"):
        read_settings(path)
    assert path.read_bytes() == raw


def test_links_that_lead_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.symlink_to("other.json")
    (tmp_path / "other.json").symlink_to("settings.json")
    with pytest.raises(RuleError, match=r"cannot be read: "):
        read_settings(path)


def test_a_file_behind_a_link_is_written_and_the_link_stays(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_bytes(b"{}\n")
    link = tmp_path / "settings.json"
    link.symlink_to(real)
    file = read_settings(link)
    backup = write_settings(file, b'{"a": 1}\n', backup="bak")
    assert link.is_symlink()
    assert json.loads(real.read_bytes()) == {"a": 1}
    assert backup
    assert backup.read_bytes() == b"{}\n"


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    file = read_settings(path)
    path.write_bytes(b'{"new": 1}')
    with pytest.raises(RuleError, match="meanwhile"):
        write_settings(file, b"{}", backup="bak")
    assert path.read_bytes() == b'{"new": 1}'


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_home_that_is_read_only_is_said_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RuleError, match="cannot be written"):
        write_settings(read_settings(tmp_path / "settings.json"), b"{}", backup="bak")


def test_a_home_that_is_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".claude").write_text("in the way")
    with pytest.raises(RuleError):
        read_settings(tmp_path / ".claude" / "settings.json")


def test_a_file_that_cannot_be_removed_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    file = SettingsFile(tmp_path / "folder" / "settings.json", b"{}", {})
    with pytest.raises(RuleError, match="cannot be removed: Not a directory"):
        remove_settings(file)
