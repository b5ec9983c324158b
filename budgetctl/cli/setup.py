"""What a first start sets up: the folder, the tables, the owner's account."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from allocation.policy.errors import RuleError
from budgetctl.cli.database import NEWER, unusable_home
from budgetctl.cli.refusals import Refused

OWNER = "chairman"
PASSWORD_VARIABLE = "BUDGETCTL_CHAIRMAN_PASSWORD"  # noqa: S105 - the name of one

# Any number will do that no other program on the same PostgreSQL uses.
ADVISORY_LOCK = 0x62756467  # "budg"
LOCK_SECONDS = 120


def make_home(home: Path) -> None:
    """The folder of the data, which nobody else may look into: it holds password hashes."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = home / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        error.filename = str(home / "data")
        raise Refused(unusable_home(error)) from error


@contextmanager
def one_at_a_time(home: Path) -> Iterator[None]:
    """Hold a lock, so that of two starts at once one sets up after the other.

    If the process dies, the lock goes with it.
    """
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
            try:
                yield
            finally:
                if connection.connection and not connection.connection.closed:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
        return
    # An empty SQLite database makes a lock that works on every platform. The real database cannot
    # serve as one, because migrations open and close transactions of their own.
    with closing(sqlite3.connect(home / "start.lock", timeout=LOCK_SECONDS)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield


def migrate() -> bool:
    """Bring the tables up to this version; True if there was anything to do."""
    from django.core.management import CommandError, call_command

    from budgetctl import schema

    if schema.unknown():
        raise Refused(NEWER)
    if not schema.missing():
        return False
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except CommandError as error:
        raise Refused(str(error)) from error
    return True


def make_owner(password: str, *, say: Callable[[str], object]) -> bool:
    """Make the owner's account; False where there is one already. "" stands for a random password.

    `say` is called with the password before the account is committed. If the process is killed
    before the password was said, there is no account, and the next start makes another one.
    """
    import secrets

    from django.contrib.auth.models import User
    from django.db import transaction
    from django.utils import timezone

    from allocation.audit.operations import record

    with transaction.atomic():
        if User.objects.filter(username=OWNER).exists():
            return False
        password = password or secrets.token_urlsafe(15)
        User.objects.create_superuser(OWNER, password=password)
        record(actor="budgetctl start", action="owner add", subject=OWNER, now=timezone.now())
        say(password)
    return True


def has_signed_in() -> bool:
    """Whether the owner ever has."""
    from django.contrib.auth.models import User

    return User.objects.filter(username=OWNER, last_login__isnull=False).exists()


def change_password(password: str, *, actor: str, now: datetime) -> None:
    """Give the owner's account a new password, which ends its sessions: one audit entry, without
    it. Raises RuleError for one that is weak, and where there is no such account."""
    from django.contrib.auth.models import User
    from django.db import transaction

    from allocation.audit.operations import record, subject_of

    if weak := weakness(password):
        raise RuleError(f"Choose a stronger password. {weak}")
    with transaction.atomic():
        owner = User.objects.filter(username=OWNER).first()
        if owner is None:
            raise RuleError(f"There is no account {OWNER} yet. Run: budgetctl start")
        owner.set_password(password)
        owner.save(update_fields=["password"])
        record(actor=actor, action="user password change", subject=subject_of(owner), now=now)


def weakness(password: str) -> str:
    """What Django's validators hold against a password, as one line; empty if nothing."""
    from django.contrib.auth.models import User
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password, User(username=OWNER))
    except ValidationError as error:
        return " ".join(error.messages)
    return ""
