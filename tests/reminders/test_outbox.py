"""The outbox: every message is sent once, however it goes wrong."""

import hmac
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Barrier
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import connection

from allocation.audit.models import AuditEntry
from allocation.dashboard.tick import tick
from allocation.policy.errors import RuleError
from allocation.reminders import outbox, webhook
from allocation.reminders.models import Channel, Delivery, ReminderSettings, State
from allocation.reminders.operations import dismiss_reminder
from allocation.reminders.outbox import send_again, send_due, send_test
from allocation.rights.roles import Role, act_as
from tests.factories import NOW, DeliveryFactory, ReminderFactory, StrategicDirectiveFactory
from tests.reminders.conftest import MEANS, MINUTE, Set, sent
from tests.reminders.receivers import Receiver, closed_port, http

pytestmark = pytest.mark.django_db

OK = b"HTTP/1.1 200 OK\r\n\r\n"
HTML = "<b>&x</b>"


def to_webhook(set_up: Set, receiver: Receiver, **given: Any) -> ReminderSettings:
    return set_up(webhook_on=True, webhook_url=receiver.url, **given)


def test_a_reminder_arrives_signed(set_up: Set) -> None:
    sd = StrategicDirectiveFactory(code="SD-A")
    message = DeliveryFactory(reminder=ReminderFactory(sd=sd, subject="SD-A", text=HTML))
    with http(OK) as receiver:
        row = to_webhook(set_up, receiver, site_url="https://budget.example.com")
        assert sent().state == State.SENT
        assert sent(5).tries == 1
    ((head, body),) = receiver.requests
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    at, signed = headers["Budgetctl-Signature"].removeprefix("t=").split(",v1=")
    expected = hmac.new(row.webhook_secret.encode(), f"{at}.".encode() + body, sha256)
    assert (int(at), signed) == (int(NOW.timestamp()), expected.hexdigest())
    assert headers["Budgetctl-Delivery"] == str(message.pk)
    assert json.loads(body) == {
        "id": str(message.pk),
        "type": "reminder",
        "kind": "quiet_sd",
        "subject": "SD-A",
        "sd": "SD-A",
        "title": "SD-A is quiet",
        "text": HTML,
        "url": "https://budget.example.com/sds/SD-A/",
        "made_at": "2026-11-18T20:00:00Z",
        "sent_at": "2026-11-18T20:00:00Z",
    }


def test_a_reminder_arrives_by_e_mail(set_up: Set) -> None:
    set_up(email_on=True, recipients=["a@example.com", "b@example.com"])
    DeliveryFactory(channel=Channel.EMAIL, reminder__title="Two\nlines", reminder__text=HTML)
    assert sent().state == State.SENT
    (message,) = django_mail.outbox
    assert message.subject == "budgetctl: Two lines"
    assert (message.body, message.to) == (f"{HTML}\n", ["a@example.com", "b@example.com"])
    sent(5)
    assert len(django_mail.outbox) == 1


def test_a_receiver_that_fails_is_tried_six_times_and_then_given_up(set_up: Set) -> None:
    DeliveryFactory()
    with http(b"HTTP/1.1 500 Oh\r\n\r\n") as receiver:
        to_webhook(set_up, receiver)
        at: datetime | None = NOW
        while at is not None:
            send_due(now=at, means=MEANS)
            last, at = at, Delivery.objects.get().next_at
    message = Delivery.objects.get()
    assert (message.state, message.tries, last - NOW) == (State.FAILED, 6, 341 * MINUTE)
    assert (message.said, len(receiver.requests)) == ("127.0.0.1 answered 500.", 6)
    ids = {
        line for head, _ in receiver.requests for line in head.split("\r\n") if "-Delivery" in line
    }
    assert len(ids) == 1


def test_a_receiver_that_recovers_gets_it_once(set_up: Set) -> None:
    DeliveryFactory()
    answers = iter([b"HTTP/1.1 503 Busy\r\n\r\n", OK])
    with http(lambda link: link.sendall(next(answers))) as receiver:
        to_webhook(set_up, receiver)
        assert sent().next_at == NOW + MINUTE
        assert sent(0).tries == 1  # not before its time
        assert sent(1).state == State.SENT
        sent(100)
    assert len(receiver.requests) == 2


def test_a_redirect_is_given_up_at_once(set_up: Set) -> None:
    DeliveryFactory()
    with http(b"HTTP/1.1 302 F\r\nLocation: http://169.254.169.254/\r\n\r\n") as receiver:
        to_webhook(set_up, receiver)
        assert sent().state == State.FAILED
    assert "a redirect, which is never followed" in sent().said


def test_no_answer_is_not_tried_again_by_itself(
    set_up: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TOTAL", 0.3)
    message = DeliveryFactory()
    with http(lambda link: time.sleep(5)) as receiver:
        to_webhook(set_up, receiver)
        assert sent().state == State.UNCERTAIN
        assert sent(999).tries == 1
    assert len(receiver.requests) == 1
    with http(OK) as receiver:
        to_webhook(set_up, receiver)
        message.refresh_from_db()
        assert send_again(delivery=message, actor="chairman", now=NOW)
        assert sent().state == State.SENT
    assert AuditEntry.objects.filter(action="message repetition").count() == 1
    assert not send_again(delivery=message, actor="chairman", now=NOW)


def test_a_process_that_died_while_sending_repeats_nothing(set_up: Set) -> None:
    DeliveryFactory(state=State.SENDING, tried_at=NOW, next_at=None, tries=1)
    with http(OK) as receiver:
        to_webhook(set_up, receiver)
        assert sent(10).state == State.SENDING  # whoever claimed it may still be at it
        assert sent(11).state == State.UNCERTAIN
    assert (receiver.requests, "may have arrived" in sent(12).said) == ([], True)


def test_a_receiver_that_hangs_holds_a_tick_up_once(
    set_up: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TOTAL", 0.3)
    DeliveryFactory.create_batch(20)
    with http(lambda link: time.sleep(5)) as receiver:
        to_webhook(set_up, receiver)
        began = time.monotonic()
        send_due(now=NOW, means=MEANS)
        assert time.monotonic() - began < 3
        assert len(receiver.requests) == 1
    assert Delivery.objects.filter(state=State.PENDING).count() == 19


def test_a_tick_ends_after_its_time_and_leaves_the_rest(
    set_up: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SECONDS_PER_TICK", 0.5)
    DeliveryFactory.create_batch(20)

    def slow(link: socket.socket) -> None:
        time.sleep(0.2)
        link.sendall(OK)

    with http(slow) as receiver:
        to_webhook(set_up, receiver)
        assert 0 < send_due(now=NOW, means=MEANS) < 10


def test_one_channel_that_fails_does_not_stop_the_other(set_up: Set) -> None:
    reminder = ReminderFactory()
    for channel in Channel:
        DeliveryFactory(reminder=reminder, channel=channel)
    dead = f"http://127.0.0.1:{closed_port()}/"
    set_up(webhook_on=True, webhook_url=dead, email_on=True, recipients=["a@example.com"])
    send_due(now=NOW, means=MEANS)
    states = dict(Delivery.objects.values_list("channel", "state"))
    assert states == {"email": State.SENT, "webhook": State.PENDING}


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_message_once(set_up: Set) -> None:
    DeliveryFactory.create_batch(6)
    barrier = Barrier(3)

    def work(_: int) -> int:
        try:
            barrier.wait(timeout=20)
            return send_due(now=NOW, means=MEANS)
        finally:
            connection.close()

    with http(OK) as receiver:
        to_webhook(set_up, receiver)
        with ThreadPoolExecutor(3, initializer=act_as, initargs=[Role.SYSTEM]) as pool:
            assert sum(pool.map(work, range(3))) == 6
    bodies = [json.loads(body)["id"] for _, body in receiver.requests]
    assert (len(bodies), len(set(bodies))) == (6, 6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"resolved_at": NOW}, "Its cause was gone"),
        ({"dismissed_at": NOW, "dismissed_by": "ann"}, "It was dismissed"),
    ],
)
def test_what_lost_its_reason_is_not_sent(set_up: Set, given: dict[str, Any], said: str) -> None:
    set_up(email_on=True, recipients=["a@example.com"])
    DeliveryFactory(channel=Channel.EMAIL, reminder=ReminderFactory(**given))
    assert (sent().state, said in sent().said) == (State.DROPPED, True)
    assert django_mail.outbox == []


def test_a_channel_turned_off_sends_nothing_more(set_up: Set) -> None:
    DeliveryFactory()
    assert (sent().state, sent().said) == (State.DROPPED, "This way of sending was turned off.")


def test_what_failed_is_not_sent_again_once_it_is_dismissed() -> None:
    message = DeliveryFactory(state=State.FAILED, next_at=None)
    dismiss_reminder(reminder=message.reminder, actor="ann", now=NOW)
    assert not send_again(delivery=message, actor="chairman", now=NOW)


def test_a_test_says_what_came_of_it(set_up: Set) -> None:
    with http(b"HTTP/1.1 500 Oh\r\n\r\n") as receiver:
        to_webhook(set_up, receiver, email_on=True, recipients=["a@example.com"])
        tests = send_test(actor="chairman", now=NOW, means=MEANS)
    assert [(each.channel, each.state, each.said) for each in tests] == [
        ("email", State.SENT, "Handed to the mail server for 1 recipient."),
        ("webhook", State.FAILED, "127.0.0.1 answered 500."),
    ]
    assert json.loads(receiver.requests[0][1])["type"] == "test"
    assert AuditEntry.objects.filter(action="reminder test").count() == 1
    send_due(now=NOW + 99 * MINUTE, means=MEANS)  # a test is never repeated
    assert len(receiver.requests) == 1


def test_nothing_to_test_is_said() -> None:
    with pytest.raises(RuleError, match="Neither e-mail nor the webhook is on"):
        send_test(actor="chairman", now=NOW, means=MEANS)


def test_the_tick_reminds_and_sends(set_up: Set) -> None:
    set_up(email_on=True, recipients=["a@example.com"])
    StrategicDirectiveFactory(code="SD-A", phase="EXEC", created_at=NOW - timedelta(hours=30))
    for _ in range(3):
        tick(now=NOW)
    assert [message.subject for message in django_mail.outbox] == ["budgetctl: SD-A is quiet"]
