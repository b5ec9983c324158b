"""password: a new one for the owner, who has lost the old one."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from allocation.audit.models import AuditEntry
from budgetctl.cli import setup
from tests.cli.conftest import Cli
from tests.factories import ChairmanFactory

NEW = "another long sentence"


def test_the_owner_gets_in_with_the_new_one_only(cli: Cli) -> None:
    owner = ChairmanFactory()
    client = Client()
    client.force_login(owner)
    ran = cli("password", stdin=f"{NEW}\n".encode())
    assert (ran.code, ran.out) == (
        0,
        "chairman has a new password. Whoever was signed in with the old one is signed\nout.\n",
    )
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert client.get("/").status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject, entry.before, entry.after) == (
        "chairman", "user password change", "user chairman", None, None,
    )  # fmt: skip
    assert NEW not in ran.err


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "No password was given"), ("\n", "No password was given"), ("short\n", "too short")],
)
def test_none_and_a_weak_one_change_nothing(typed: str, said: str, cli: Cli) -> None:
    before = ChairmanFactory().password
    ran = cli("password", stdin=typed.encode())
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert User.objects.get().password == before
    assert not AuditEntry.objects.exists()


def test_without_an_account_it_says_what_to_run(cli: Cli) -> None:
    ran = cli("password", stdin=f"{NEW}\n".encode())
    assert (ran.code, ran.err) == (
        1,
        "budgetctl: There is no account chairman yet. Run: budgetctl start\n",
    )


def test_a_start_that_is_killed_before_it_said_the_password_made_no_account(db: None) -> None:
    def killed(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        setup.make_owner("", say=killed)
    assert not User.objects.exists()
    said: list[str] = []
    assert setup.make_owner("", say=said.append)
    assert User.objects.get().check_password(said[0])
    assert not setup.make_owner("", say=said.append)
    assert len(said) == 1
