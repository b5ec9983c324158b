"""The migrations that were merged: a database that has the old ones is taken as it is."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from allocation import merged
from budgetctl import schema
from budgetctl.cli import setup
from budgetctl.cli.refusals import Refused

# What the migrations themselves say.
REPLACING = {
    name: migration.replaces
    for name, migration in MigrationLoader(None).disk_migrations.items()
    if merged.REPLACED.intersection(migration.replaces)
}
LAST = ("usage", "0007_roll_up_checks")


def forget(*names: merged.Name) -> None:
    for name in names:
        MigrationRecorder(connection).record_unapplied(*name)


def test_each_old_migration_is_replaced_once_and_gone() -> None:
    replaced = [name for names in REPLACING.values() for name in names]
    assert sorted(replaced) == sorted(merged.REPLACED)
    assert not merged.REPLACED & MigrationLoader(None).disk_migrations.keys()


def test_a_database_is_in_between_with_a_part_of_what_one_migration_replaces() -> None:
    assert not merged.between(set())
    assert not merged.between(set(merged.REPLACED))
    for names in REPLACING.values():
        assert not merged.between(merged.REPLACED.difference(names))
        for name in names if len(names) > 1 else ():
            assert merged.between({name})
            assert merged.between(merged.REPLACED - {name})


@pytest.mark.django_db
def test_a_database_with_all_old_migrations_is_recorded_to_have_the_new_ones() -> None:
    forget(*REPLACING)
    assert (schema.missing(), schema.unknown()) == (set(REPLACING), set())
    assert setup.migrate()
    assert (schema.missing(), schema.unknown()) == (set(), set())


@pytest.mark.django_db
def test_a_database_in_between_is_refused_and_told_what_to_do() -> None:
    forget(LAST, *REPLACING)
    with pytest.raises(CommandError, match="then with this one"):
        call_command("migrate", verbosity=0)
    with pytest.raises(Refused, match="then with this one"):
        setup.migrate()
