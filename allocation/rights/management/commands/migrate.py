"""Django's `migrate`, as the owner of the tables, where that is not the role at work."""

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    """`migrate`, through MIGRATION_DATABASE_URL where that is set."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Change the tables. The connection at work stays open meanwhile, with its locks."""
        owner, alias = settings.MIGRATION_DATABASE, options["database"]
        if owner is None:
            super().handle(*args, **options)
            return
        at_work = connections[alias]
        connections[alias] = type(at_work)(at_work.settings_dict | owner, alias)
        try:
            super().handle(*args, **options)
        finally:
            connections[alias].close()
            connections[alias] = at_work
