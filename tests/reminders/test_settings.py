"""How reminders are sent: settings that are audited, kept, and refused where they cannot work."""

import pytest

from allocation.audit.models import AuditEntry
from allocation.policy.errors import RuleError
from allocation.reminders.means import Means
from allocation.reminders.models import ReminderSettings
from allocation.reminders.operations import change_settings, mark, renew_secret
from tests.factories import NOW
from tests.reminders.conftest import MEANS, Set, wanted

pytestmark = pytest.mark.django_db


def test_settings_are_audited_without_their_secrets(set_up: Set) -> None:
    url = "https://hooks.example.com/T0/TOP-SECRET"
    row = set_up(webhook_on=True, webhook_url=url)
    clear = renew_secret(actor="chairman", now=NOW)
    trail = str(list(AuditEntry.objects.values()))
    assert "https://hooks.example.com/… (digest" in trail
    for secret in ("TOP-SECRET", row.webhook_secret, clear):
        assert secret not in trail
    assert clear not in {"", row.webhook_secret}


def test_a_secret_is_made_once_and_kept(set_up: Set) -> None:
    first = set_up(webhook_on=True, webhook_url="https://a.example.com/").webhook_secret
    assert len(first) == 64
    assert set_up(webhook_on=True, webhook_url="https://b.example.com/").webhook_secret == first


def test_the_second_of_two_who_change_the_settings_is_told(set_up: Set) -> None:
    seen = mark(ReminderSettings.objects.get())
    set_up(quiet_hours=5)
    with pytest.raises(RuleError, match="Somebody changed these settings"):
        change_settings(wanted=wanted(quiet_hours=6), seen=seen, actor="bob", now=NOW, means=MEANS)
    assert ReminderSettings.objects.get().quiet_hours == 5


def test_settings_that_change_nothing_leave_no_trace(set_up: Set) -> None:
    set_up()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"quiet_hours": 0}, "1 to 720"),
        ({"email_on": True}, "at least one recipient"),
        ({"recipients": ["nobody"]}, "not an e-mail address"),
        ({"recipients": ["a@example.com"] * 21}, "20 recipients"),
        ({"recipients": ["a@example.com\nBcc: b@example.com"]}, "not an e-mail address"),
        ({"webhook_on": True}, "address of the webhook"),
        ({"webhook_url": "https://10.0.0.1/"}, "inside this network"),
        ({"site_url": "x"}, "scheme and host"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    set_up: Set, given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RuleError, match=sentence):
        set_up(**given)


def test_without_a_mail_server_there_is_no_e_mail() -> None:
    seen = mark(ReminderSettings.objects.get())
    with pytest.raises(RuleError, match="EMAIL_URL"):
        change_settings(
            wanted=wanted(email_on=True, recipients=["a@example.com"]),
            seen=seen,
            actor="chairman",
            now=NOW,
            means=Means(mail=False, loopback=False),
        )
