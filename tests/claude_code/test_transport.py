"""Addresses of servers: what the client takes for one, and what it refuses."""

import pytest

from allocation.claude_code.client.transport import parts


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000/", (False, "127.0.0.1", 8000, "")),
        ("https://hub.example", (True, "hub.example", 443, "")),
        ("http://[::1]:81/a/b/", (False, "::1", 81, "/a/b")),
        ("http://[::1]", (False, "::1", 80, "")),
    ],
)
def test_addresses(url: str, expected: tuple[bool, str, int, str]) -> None:
    assert parts(url) == expected


@pytest.mark.parametrize(
    "url", ["", "hub", "ftp://hub", "http://hub:port", "http://", "http://[::1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parts(url)


@pytest.mark.parametrize(
    "url", ["http://me:pw@hub", "http://me@hub", "http://hub\r\nX: y", "http://hub/\x1b"]
)
def test_an_address_holds_no_password_and_no_header(url: str) -> None:
    with pytest.raises(ValueError, match="has a password in it") as raised:
        parts(url)
    assert "pw" not in str(raised.value)
