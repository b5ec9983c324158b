"""Django's connection acts for whoever acts, in every statement, and for nobody else after."""

import threading
from contextlib import suppress

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.signals import request_started
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule
from allocation.catalog.models import Tier
from allocation.directives.models import StrategicDirective
from allocation.rights.roles import Role, act_as, acting_as, current, each_as
from tests import factories

POSTGRESQL = pytest.mark.postgresql_only("SQLite is not told who acts")


def told() -> str:
    """Who acts, as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('budgetctl.role', true)")
        return str(cursor.fetchone()[0])


def test_a_thread_that_took_no_role_is_nobody() -> None:
    found: list[Role] = []
    thread = threading.Thread(target=lambda: found.append(current()))
    thread.start()
    thread.join()
    assert found == [Role.NOBODY]


def test_a_block_gives_back_the_role_before_it_whatever_happens_inside() -> None:
    with suppress(ValueError), acting_as(Role.VIEWER):
        act_as(Role.AGENT)
        raise ValueError
    assert current() is Role.CHAIRMAN


def test_a_stream_is_made_in_its_own_name_however_late() -> None:
    parts = each_as(Role.VIEWER, (str(current()) for _ in range(2)))
    assert [(part, current()) for part in parts] == [("viewer", Role.CHAIRMAN)] * 2


@POSTGRESQL
@pytest.mark.django_db(transaction=True)
class TestTheConnection:
    def test_each_statement_is_sent_for_whoever_acts(self) -> None:
        assert told() == "chairman"
        with acting_as(Role.VIEWER):
            assert told() == "viewer"
        assert told() == "chairman"

    def test_a_rollback_does_not_bring_an_earlier_role_back(self) -> None:
        assert told() == "chairman"
        act_as(Role.VIEWER)
        try:
            with transaction.atomic():
                assert told() == "viewer"
                transaction.set_rollback(True)
            assert told() == "viewer"
        finally:
            act_as(Role.CHAIRMAN)

    def test_nor_does_a_rollback_to_a_savepoint(self) -> None:
        with transaction.atomic():
            assert told() == "chairman"
            with acting_as(Role.VIEWER):
                with transaction.atomic():
                    assert told() == "viewer"
                    transaction.set_rollback(True)
                assert told() == "viewer"

    def test_nor_a_commit_that_fails(self) -> None:
        assert told() == "chairman"
        with acting_as(Role.VIEWER):
            transaction.set_autocommit(False)
            assert told() == "viewer"
            with pytest.raises(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            transaction.commit()
            assert told() == "viewer"
            transaction.commit()
            transaction.set_autocommit(True)

    def test_a_new_connection_is_told_anew(self) -> None:
        with acting_as(Role.VIEWER):
            assert told() == "viewer"
            connection.close()
            assert told() == "viewer"

    def test_the_question_whether_it_still_works_tells_it_at_once(self) -> None:
        connection.ensure_connection()
        with acting_as(Role.VIEWER):
            assert connection.is_usable()
            assert connection._told is Role.VIEWER
            assert told() == "viewer"

    def test_one_that_was_ended_is_not_usable_and_the_next_request_has_a_new_one(self) -> None:
        connection.ensure_connection()
        pid = connection.connection.info.backend_pid
        with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert not connection.is_usable()
        request_started.send(None)
        assert told() == "chairman"
        assert connection.connection.info.backend_pid != pid
        connection.close()
        assert not connection.is_usable()

    def test_only_what_agents_write_does_not_wait_for_the_disk(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options = connection.settings_dict["OPTIONS"]
        monkeypatch.setitem(options, "options", "-c synchronous_commit=local")
        connection.close()

        def waits() -> str:
            with connection.cursor() as cursor:
                cursor.execute("SHOW synchronous_commit")
                return str(cursor.fetchone()[0])

        with acting_as(Role.AGENT):
            assert waits() == "off"
            with acting_as(Role.SYSTEM):
                assert waits() == "local"
        assert waits() == "local"
        connection.close()

    def test_a_refused_write_says_so_and_changes_nothing(self) -> None:
        with acting_as(Role.AGENT), pytest.raises(DatabaseError, match="row-level security"):
            BudgetRule.objects.update(limit=1)
        assert BudgetRule.objects.get().limit == 500_000

    def test_nobody_reads_nothing(self) -> None:
        with acting_as(Role.NOBODY):
            assert not Tier.objects.exists()
        assert Tier.objects.exists()


@POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_no_request_inherits_the_role_of_the_one_before(
    chairman_client: Client, viewer_client: Client, client: Client
) -> None:
    for _ in range(2):
        assert chairman_client.get("/budget/").status_code == 200
        assert told() == "chairman"
        assert "500,000" in viewer_client.get("/budget/").text
        with acting_as(Role.NOBODY):
            assert told() == ""
        assert client.get("/budget/").status_code == 302


@POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_a_worker_thread_keeps_its_connection_and_not_its_role(
    chairman_client: Client, viewer: User
) -> None:
    """As in the server: one thread, one connection that stays open, one request after the other."""
    viewers = Client()
    viewers.force_login(viewer)
    seen: list[object] = []

    def serve() -> None:
        try:
            seen.append(chairman_client.get("/budget/").status_code)
            pid = connection.connection.info.backend_pid
            seen.extend([told(), StrategicDirective.objects.exists()])
            seen.append(viewers.post("/sds/new/", {"code": "SD-X"}).status_code)
            seen.append(connection.connection.info.backend_pid == pid)
        finally:
            connections.close_all()

    factories.StrategicDirectiveFactory()
    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()
    assert seen == [200, "", False, 403, True]


@POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_a_view_that_forgot_to_ask_is_stopped_by_the_database(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allocation.budgets.views.require_chairman", lambda user, _: str(user))
    page = operator_client.post("/budget/switch/", {"enabled": "0", "reason": "Mine."})
    assert page.status_code == 403
    assert "Your account may not do this" in page.text
    assert BudgetRule.objects.get().enabled
    assert not AuditEntry.objects.exists()
