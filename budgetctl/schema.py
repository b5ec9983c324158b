"""Whether the database fits this version, known without importing a migration."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from allocation.merged import REPLACED, Name


def missing() -> set[Name]:
    """The migrations (app label, name) that this version has and the database has not."""
    return _of_this_version() - _applied()


def unknown() -> set[Name]:
    """The migrations that the database has and this version has not: it was made by a newer one.

    Migrations that were merged since do not count, here or in installed apps of others.
    """
    others = {app.label for app in apps.get_app_configs() if not app.name.startswith("allocation.")}
    known = _of_this_version() | REPLACED
    return {name for name in _applied() - known if name[0] not in others}


def _applied() -> set[Name]:
    if MigrationRecorder.Migration._meta.db_table not in connection.introspection.table_names():
        return set()
    return set(MigrationRecorder.Migration.objects.values_list("app", "name"))


def _of_this_version() -> set[Name]:
    names = set()
    for app in apps.get_app_configs():
        package = f"{app.name}.migrations"
        if find_spec(package) is None:
            continue
        names |= {
            (app.label, module.name)
            for module in iter_modules(import_module(package).__path__)
            if module.name[0] not in "_~"
        }
    return names
