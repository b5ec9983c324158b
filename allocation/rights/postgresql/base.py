"""The connection. Django looks for the class by this name, in a module of this name."""

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from psycopg import Error
from psycopg.pq import TransactionStatus

from allocation.rights.roles import Role, acting_as, current

# NULL is what the server has by itself.
_TAKE_ROLE = (
    "SELECT set_config('budgetctl.role', %s, false), "
    "set_config('synchronous_commit', %s::text, false)"
)
# What agents write does not wait for the disk, as nothing does on SQLite: a hook waits for it, and
# only a crash of the machine or of PostgreSQL itself can take the last moment of it back.
_WITHOUT_WAITING = {Role.AGENT: "off"}


class SchemaEditor(DatabaseSchemaEditor):
    """Migrations fill tables too. Whoever may change the tables may change what is in them."""

    def __enter__(self) -> Any:
        self._acting = acting_as(Role.CHAIRMAN)
        self._acting.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        try:
            super().__exit__(*error)
        finally:
            self._acting.__exit__(*error)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that acts, in every statement, for whoever acts in its thread.

    Every statement begins with a cursor, so that is where the role is compared with the one that
    the database was told last. A connection that outlives its request can so never hand its role
    on. The setting is the session's and not the transaction's, as most requests read outside of
    transactions; a rollback takes it back to what it was, and then nobody knows what that is.
    """

    SchemaEditorClass = SchemaEditor
    _told: Role | None = None

    def init_connection_state(self) -> None:
        """A new connection was told nothing."""
        self._told = None
        super().init_connection_state()

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor, once the database knows who acts."""
        if current() is not self._told and not self._has_failed():
            self._tell()
        return super().create_cursor(name)

    def is_usable(self) -> bool:
        """Whether the connection still works, asked by telling it who acts: one question, not two.

        Django asks it before the first statement of a request.
        """
        try:
            if self.connection:
                self._tell()
        except Error:
            return False
        return bool(self.connection)

    def _tell(self) -> None:
        role = current()
        self.connection.execute(_TAKE_ROLE, [str(role), _WITHOUT_WAITING.get(role)])
        self._told = role

    def _commit(self) -> None:
        if self._has_failed():  # PostgreSQL makes a rollback of it
            self._told = None
        super()._commit()  # type: ignore[misc]  # not in the stubs

    def _rollback(self) -> None:
        self._told = None
        super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._told = None

    def _has_failed(self) -> bool:
        """Whether the transaction has failed, so that it takes nothing but its end."""
        status = self.connection.info.transaction_status if self.connection else None
        return status == TransactionStatus.INERROR
