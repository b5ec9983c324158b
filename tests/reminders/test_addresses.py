"""Where a webhook may go, and where not."""

import ipaddress

import pytest

from allocation.policy.errors import RuleError
from allocation.reminders.addresses import check_site, may_reach, read_target

OUTSIDE = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
LOOPBACK = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a00:1::1",
    "2001:db8::1",
    "2001:0:a00:1:0:0:f5ff:fffe",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_public_address_may_be_reached(text: str) -> None:
    assert may_reach(ipaddress.ip_address(text), allow_loopback=False)


@pytest.mark.parametrize("text", INSIDE)
def test_an_inside_address_may_never_be_reached(text: str) -> None:
    for allowed in (True, False):
        assert not may_reach(ipaddress.ip_address(text), allow_loopback=allowed)


@pytest.mark.parametrize("text", LOOPBACK)
def test_loopback_may_be_reached_only_where_that_is_set(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert may_reach(address, allow_loopback=True)
    assert not may_reach(address, allow_loopback=False)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "not an address"),
        ("example.com/x", "not an address"),
        ("ftp://example.com/", "not an address"),
        ("https://", "not an address"),
        ("https://example.com:99999/", "not an address"),
        ("https://example.com:0/", "not an address"),
        ("https://[::1/", "not an address"),
        ("http://example.com/", "begin with https"),
        ("https://user:word@example.com/", "user name and password"),
        ("https://example.com/a b", "without spaces"),
        ("https://example.com/\r\nX: y", "without spaces"),
        ("https://exämple.com/", "ASCII"),
        ("https://example.com/" + "a" * 1000, "1,000 characters"),
        ("https://localhost/", "inside this network"),
        ("https://LOCALHOST./", "inside this network"),
        ("https://127.0.0.1/", "inside this network"),
        ("https://[::ffff:10.0.0.1]/", "inside this network"),
        ("https://169.254.169.254/latest/meta-data", "inside this network"),
    ],
)
def test_an_address_that_will_not_do_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(RuleError, match=sentence):
        read_target(url, allow_loopback=False)


def test_an_address_is_read_in_parts() -> None:
    target = read_target("https://hooks.example.com:8443/T0/secret?a=b#c", allow_loopback=False)
    assert (target.host, target.port, target.path) == ("hooks.example.com", 8443, "/T0/secret?a=b")
    assert target.host_header == "hooks.example.com:8443"
    assert target.shown == "https://hooks.example.com:8443/…"
    six = read_target("https://[2606:2800::1]/", allow_loopback=False)
    assert (six.host, six.host_header) == ("2606:2800::1", "[2606:2800::1]")


@pytest.mark.parametrize(
    "url",
    [
        "budget",
        "https://a.com/x",
        "javascript:alert(1)",
        "https://a b",
        "https://a:b@c",
        "https://:9",
    ],
)
def test_what_cannot_begin_a_link_is_refused(url: str) -> None:
    with pytest.raises(RuleError):
        check_site(url)


def test_scheme_and_host_begin_a_link() -> None:
    check_site("https://budget.example.com:8443")
