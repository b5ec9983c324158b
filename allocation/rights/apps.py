"""The app: tables' rights are migrated and checked like tables."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from allocation.rights.checks import check_role


class RightsConfig(AppConfig):
    """Registers the check of the database's role."""

    name = "allocation.rights"

    def ready(self) -> None:
        """Checks are registered once the apps are loaded."""
        register(check_role, Tags.database)
