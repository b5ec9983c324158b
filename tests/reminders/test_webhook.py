"""The webhook against real receivers on loopback, good and bad ones."""

import hmac
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import trustme

from allocation.reminders import webhook
from allocation.reminders.outcome import Handover, Outcome, Result, within
from tests.reminders.receivers import Answer, closed_port, http

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def post(url: str, *, allow_loopback: bool = True, handover: Handover | None = None) -> Outcome:
    headers = {"Budgetctl-Delivery": "7"}
    return webhook.post(
        url, b'{"a": 1}', headers, allow_loopback=allow_loopback, handover=handover or Handover()
    )


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TOTAL", 0.5)


def test_a_message_arrives_whole() -> None:
    with http(OK) as receiver:
        outcome = post(receiver.url)
    ((head, body),) = receiver.requests
    assert (outcome.result, outcome.said) == (Result.ARRIVED, "127.0.0.1 answered 200.")
    assert head.startswith("POST /hook?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{receiver.port}" in head
    assert "Budgetctl-Delivery: 7" in head
    assert body == b'{"a": 1}'


def test_the_signature_is_that_of_time_and_body() -> None:
    expected = hmac.new(b"key", b'1700000000.{"a": 1}', sha256).hexdigest()
    assert webhook.signature("key", b'{"a": 1}', at=1_700_000_000) == f"t=1700000000,v1={expected}"


@pytest.mark.parametrize(
    ("answer", "result", "said"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", Result.ARRIVED, "answered 204"),
        (b"HTTP/1.0 202\r\n\r\n", Result.ARRIVED, "answered 202"),
        (b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + OK, Result.ARRIVED, "answered 200"),
        (b"HTTP/1.1 500 Oh\r\n\r\n", Result.REFUSED, "answered 500"),
        (b"HTTP/1.1 404 No\r\n\r\n", Result.REFUSED, "answered 404"),
        (
            b"HTTP/1.1 302 F\r\nLocation: http://169.254.169.254/\r\n\r\n",
            Result.GIVEN_UP,
            "never followed",
        ),
        (b"", Result.UNCERTAIN, "closed the connection"),
        (b"SSH-2.0-hello\r\n", Result.UNCERTAIN, "not HTTP"),
        (b"HTTP/1.1 2x0 OK\r\n", Result.UNCERTAIN, "not HTTP"),
        (b"x" * 10_000_000, Result.UNCERTAIN, "not HTTP"),
        (b"HTTP/1.1 100 Continue\r\n" + b"A: b\r\n" * 100_000, Result.UNCERTAIN, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000, Result.ARRIVED, "answered 200"),
    ],
)
def test_each_answer_means_something(answer: bytes, result: Result, said: str) -> None:
    with http(answer) as receiver:
        outcome = post(receiver.url)
    assert (outcome.result, len(receiver.requests)) == (result, 1)
    assert said in outcome.said


def test_a_redirect_is_not_followed() -> None:
    with http(OK) as inside:
        moved = f"HTTP/1.1 307 Go\r\nLocation: {inside.url}\r\n\r\n".encode()
        with http(moved) as receiver:
            outcome = post(receiver.url)
    assert (outcome.result, inside.requests) == (Result.GIVEN_UP, [])


def drip(link: socket.socket) -> None:
    for sign in b"HTTP/1.1 200 OK" * 100:
        link.sendall(bytes([sign]))
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [lambda link: time.sleep(5), drip])
@pytest.mark.usefixtures("impatient")
def test_a_receiver_that_hangs_or_drips_costs_its_time_and_no_more(answer: Answer) -> None:
    with http(answer) as receiver:
        began = time.monotonic()
        outcome = post(receiver.url)
        took = time.monotonic() - began
    assert (outcome.result, took < 3) == (Result.UNCERTAIN, True)
    assert "it took too long" in outcome.said


def test_a_request_that_was_cut_off_was_not_delivered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reset() -> None:
            link, _ = listener.accept()
            link.recv(1)
            # Closed with what is unread thrown away: the sender's connection is reset.
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            link.close()

        thread = threading.Thread(target=reset)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        big = b"x" * 20_000_000
        outcome = webhook.post(url, big, {}, allow_loopback=True, handover=Handover())
        thread.join()
    assert outcome.result is Result.REFUSED
    assert "broke the connection off" in outcome.said


def test_a_closed_port_is_refused_and_may_be_tried_again() -> None:
    outcome = post(f"http://127.0.0.1:{closed_port()}/")
    assert outcome.result is Result.REFUSED
    assert "could not be reached" in outcome.said


def test_a_name_that_is_none_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcome = post("https://nowhere.example/secret")
    assert (outcome.result, outcome.said) == (
        Result.REFUSED,
        "nowhere.example was not found (Name or service not known).",
    )


def resolving_to(address: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every name stand for an address; the names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *given: Any, **options: Any) -> Any:
        try:
            ip_address(host)
        except ValueError:
            asked.append(host)
            host = address
        return real(host, *given, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_that_leads_inside_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(address, monkeypatch)
    outcome = post("https://hooks.example.com/", allow_loopback=False)
    assert outcome.result is Result.GIVEN_UP
    assert "leads inside this network" in outcome.said


def test_an_address_that_will_not_do_is_given_up() -> None:
    assert post("https://10.0.0.1/", allow_loopback=False).result is Result.GIVEN_UP


def test_plain_http_goes_nowhere_but_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to("93.184.215.14", monkeypatch)
    assert post("http://hooks.example.com/").result is Result.GIVEN_UP


@pytest.mark.parametrize("odd", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1"])
def test_odd_ways_to_write_loopback_are_seen_through(odd: str) -> None:
    outcome = post(f"https://{odd}:{closed_port()}/", allow_loopback=False)
    assert outcome.result in {Result.GIVEN_UP, Result.REFUSED}
    assert "reached" not in outcome.said  # nothing was connected to


def test_the_name_is_asked_once_and_its_address_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving_to("127.0.0.1", monkeypatch)
    with http(OK) as receiver:
        outcome = post(f"http://hooks.example.com:{receiver.port}/")
    assert (outcome.result, asked) == (Result.ARRIVED, ["hooks.example.com"])
    assert f"Host: hooks.example.com:{receiver.port}" in receiver.requests[0][0]


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ssl.SSLContext]:
    """Makes a server's certificate for a name, by an authority that this test trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    def issue(name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return context

    return issue


def test_tls_checks_the_certificate_against_the_name(
    trust: Callable[[str], ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving_to("127.0.0.1", monkeypatch)
    with http(OK, tls=trust("hooks.example.com")) as receiver:
        right = post(f"https://hooks.example.com:{receiver.port}/")
        wrong = post(f"https://other.example.com:{receiver.port}/")
    assert (right.result, wrong.result) == (Result.ARRIVED, Result.REFUSED)
    assert "its certificate is not valid" in wrong.said
    assert len(receiver.requests) == 1


@pytest.mark.usefixtures("impatient")
def test_a_tls_handshake_that_hangs_was_never_handed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = post(f"https://127.0.0.1:{silent.getsockname()[1]}/")
    assert outcome.result is Result.REFUSED


def test_what_takes_too_long_before_it_is_sent_is_called_off() -> None:
    began: list[Result] = []

    def slow(handover: Handover) -> Outcome:
        time.sleep(0.5)
        with http(OK) as receiver:
            began.append(post(receiver.url, handover=handover).result)
            assert receiver.requests == []
        return Outcome.arrived("")

    assert within(0.1, slow).result is Result.REFUSED
    for _ in range(100):
        if began:
            break
        time.sleep(0.05)
    assert began == [Result.REFUSED]


def test_what_takes_too_long_after_it_was_sent_is_uncertain() -> None:
    def slow(handover: Handover) -> Outcome:
        assert handover.begin()
        time.sleep(0.5)
        return Outcome.arrived("")

    assert within(0.1, slow).result is Result.UNCERTAIN


def test_an_unexpected_error_is_not_hidden() -> None:
    def broken(handover: Handover) -> Outcome:
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        within(1, broken)
