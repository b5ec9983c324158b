"""Messages through a mail server: one that takes, refuses, is down, or hangs."""

import socket
import time
from typing import Any

import pytest
from django.core import mail as django_mail

from allocation.reminders import mail
from allocation.reminders.models import Channel, State
from allocation.reminders.outcome import Handover, Result
from tests.factories import NOW, DeliveryFactory
from tests.reminders.conftest import MINUTE, Set, sent
from tests.reminders.receivers import closed_port, smtp

pytestmark = pytest.mark.django_db

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def by_smtp(set_up: Set, settings: Any, port: int) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port
    set_up(email_on=True, recipients=["a@example.com"])
    DeliveryFactory(channel=Channel.EMAIL)


def test_a_mail_server_takes_a_message_once(set_up: Set, settings: Any) -> None:
    with smtp() as server:
        by_smtp(set_up, settings, server.port)
        assert sent().state == State.SENT
        sent(5)
    ((_, body),) = server.requests
    assert b"Message-ID: <" in body


def test_a_mail_server_that_is_down_is_tried_again(set_up: Set, settings: Any) -> None:
    by_smtp(set_up, settings, closed_port())
    message = sent()
    assert (message.state, message.next_at) == (State.PENDING, NOW + MINUTE)
    assert message.said == "The mail server could not be used (Connection refused)."


@pytest.mark.parametrize(
    ("options", "state", "said"),
    [
        ({"at_rcpt": b"550 no such user"}, State.PENDING, "refuses all recipients (550)"),
        ({"at_data": b"552 too big"}, State.PENDING, "refuses the message (552 too big)"),
        ({"at_data": None}, State.UNCERTAIN, "gave no answer"),
    ],
)
def test_what_a_mail_server_says_decides(
    set_up: Set, settings: Any, options: dict[str, Any], state: State, said: str
) -> None:
    with smtp(**options) as server:
        by_smtp(set_up, settings, server.port)
        message = sent()
    assert (message.state, said in message.said) == (state, True)


def test_mail_that_is_called_off_is_not_handed_over() -> None:
    late = Handover()
    assert late.call_off()
    outcome = mail.send("Late", "", ["a@example.com"], {}, handover=late)
    assert (outcome.result, django_mail.outbox) == (Result.REFUSED, [])


def test_a_mail_server_that_hangs_holds_a_tick_up_for_a_bounded_time(
    set_up: Set, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TOTAL", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        by_smtp(set_up, settings, silent.getsockname()[1])
        began = time.monotonic()
        message = sent()
        assert time.monotonic() - began < 3
    assert (message.state, message.tries) == (State.PENDING, 1)
    assert "as far as sending it" in message.said
