"""What a command does before it touches a row."""

import os
from pathlib import Path

from allocation.collector import at_rest
from budgetctl.cli import remote
from budgetctl.cli.refusals import Refused, first_line

NOT_SET_UP = "The database is not set up for this version. Run: budgetctl start"
# The commands that ask the server of BUDGETCTL_URL, as --help and a refusal name them.
THERE_TOO = (
    "status, next, check, forecast, recommend, log, handoff, sd new, sd list, usage import, "
    "worker, tick and sync-agents"
)
ELSEWHERE = (
    "This command works only where the database is, and BUDGETCTL_URL names a server elsewhere: "
    f"run it there, or unset BUDGETCTL_URL. What works from here: {THERE_TOO}."
)
ADDRESS_ALONE = (
    "BUDGETCTL_URL names a server elsewhere, and BUDGETCTL_TOKEN is not set: set it to a token of "
    "that server. There is no database here."
)
NEWER = (
    "The database was made by a newer version of budgetctl. Install that version or a later one."
)


def set_django_up(*, pages: bool = True) -> None:
    """Read the settings and make the models usable, in the Chairman's name.

    Refuses settings that do not work.

    Without `pages` the modules of the admin stay unread, which are a quarter of the start.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budgetctl.settings")
    import django
    from django.apps import apps
    from django.conf import settings

    from allocation.rights.roles import Role, act_as

    act_as(Role.CHAIRMAN)  # this thread: a server answers in others, each request by its own right
    try:
        if not (pages or apps.ready):
            simple = {"django.contrib.admin": "django.contrib.admin.apps.SimpleAdminConfig"}
            settings.INSTALLED_APPS = [simple.get(app, app) for app in settings.INSTALLED_APPS]
        with at_rest():
            django.setup()
    except OSError as error:
        # The one file that settings write: the secret key.
        raise Refused(unusable_home(error)) from error
    except ValueError as error:
        raise Refused(f"The settings do not work: {first_line(error)}.") from error


def unusable_home(error: OSError) -> str:
    """One sentence about a BUDGETCTL_HOME that cannot be written."""
    where = Path(error.filename).parent if error.filename else "its default"
    return (
        f"BUDGETCTL_HOME cannot be used ({where}: {error.strerror}). "
        "Set it to a folder that you may write to."
    )


def open_database(*, with_server_elsewhere: bool = False) -> None:
    """Set Django up and refuse a database that this version cannot work with.

    Where the environment names a server elsewhere, the database here is not the one that is meant,
    and is refused as well; `with_server_elsewhere` is for those who know.
    """
    if remote.hub() and not with_server_elsewhere:
        raise Refused(ELSEWHERE)
    set_django_up(pages=False)
    from django.db import connection

    from budgetctl import schema

    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        # Connecting would leave an empty file behind.
        is_meant = os.environ.get("BUDGETCTL_URL") and not os.environ.get("BUDGETCTL_TOKEN")
        raise Refused(ADDRESS_ALONE if is_meant else NOT_SET_UP)
    if schema.unknown():
        raise Refused(NEWER)
    if schema.missing():
        raise Refused(NOT_SET_UP)
