"""A row in every table; who comes to them by the web; and statements as psql would send them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from allocation.audit.operations import record
from allocation.budgets.operations import set_limit
from allocation.checkpoints.sheet_import import IMPORT
from allocation.decisions.operations import Run, decide
from allocation.decisions.situation import situation_at
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task
from allocation.reports.models import QualityEvent
from allocation.reports.operations import close_weeks
from allocation.rights.roles import Role
from tests import factories
from tests.rights.rows import fill

# The number of rows that a statement touched, None where it was refused in so many words.
State = Callable[[Role, str], int | None]


@pytest.fixture
def raw(db: None) -> "psycopg.Connection[Any]":
    """The connection below Django, in the transaction of the test, with a row in every table."""
    fill()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


@pytest.fixture
def state(raw: "psycopg.Connection[Any]") -> State:
    """Sends one statement for a role, and takes it back.

    Where a row that is put in a second time stands there already, the rules did let it in.
    """

    def send(role: Role, sql: str) -> int | None:
        with raw.transaction(force_rollback=True):
            raw.execute("SELECT set_config('budgetctl.role', %s, true)", [str(role)])
            try:
                with raw.transaction():
                    return raw.execute(sql).rowcount
            except psycopg.errors.UniqueViolation:
                return 1
            except psycopg.errors.InsufficientPrivilege:
                return None

    return send


@pytest.fixture
def people(chairman: User, operator: User, viewer: User) -> dict[Role, Client]:
    """A browser for each, and one of nobody."""
    found = {Role.NOBODY: Client()}
    for role, user in ((Role.CHAIRMAN, chairman), (Role.OPERATOR, operator), (Role.VIEWER, viewer)):
        found[role] = Client()
        found[role].force_login(user)
    return found


@pytest.fixture
def rows(db: None) -> None:
    """A row in each table, of those that pages show one that is whole."""
    # An operator takes back the quality events that are theirs.
    facts = {"kind": "review", "passed": 1, "failed": 0, "actor": "operator"}
    QualityEvent.objects.create(at=factories.NOW, **facts)
    factories.BudgetWeekFactory()
    close_weeks(now=factories.NOW + timedelta(days=7))
    task = Task(sub_agent="TESTING", phase=Phase.EXEC, complexity=3)
    decide(
        situation=situation_at(factories.NOW),
        run=Run(task=task),
        actor="chairman",
        now=factories.NOW,
    )
    fill()
    set_limit(limit=Decimal(400_000), actor="chairman", now=timezone.now())
    record(actor="chairman", action=IMPORT, subject="2 checkpoints of 1 SD", now=timezone.now())


@pytest.fixture
def admin_rows(rows: None) -> None:
    """A row also in the tables of django-axes and of the accounts."""
    # The latest of each is one that may go: a tier that does not ship, an SD without a history.
    factories.TierFactory(name="mini", rank=5)
    factories.StrategicDirectiveFactory()
    AccessAttempt.objects.create(username="x", failures_since_start=1)
    AccessLog.objects.create(username="x")
    AccessFailureLog.objects.create(username="x", locked_out=False)
