"""Django's `migrate`, as the owner of the tables, where that is not the role at work.

A database that has only some of the migrations that were merged is refused.
"""

from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from allocation import merged


class Command(migrate.Command):
    """`migrate`, through MIGRATION_DATABASE_URL where that is set."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Change the tables. The connection at work stays open meanwhile, with its locks."""
        owner, alias = settings.MIGRATION_DATABASE, options["database"]
        if owner is None:
            self._migrate(connections[alias], *args, **options)
            return
        at_work = connections[alias]
        connections[alias] = type(at_work)(at_work.settings_dict | owner, alias)
        try:
            self._migrate(connections[alias], *args, **options)
        finally:
            connections[alias].close()
            connections[alias] = at_work

    def _migrate(self, connection: BaseDatabaseWrapper, *args: Any, **options: Any) -> None:
        if merged.between(set(MigrationRecorder(connection).applied_migrations())):
            raise CommandError(merged.BETWEEN)
        super().handle(*args, **options)
