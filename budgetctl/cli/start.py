"""`budgetctl start`: from an empty folder to an address that can be opened."""

import os
import socket
from pathlib import Path
from typing import Annotated

import typer

from budgetctl.cli import serving, setup, watching
from budgetctl.cli.database import set_django_up
from budgetctl.cli.printing import console


def start(
    host: Annotated[
        str, typer.Option(help="The address to serve on; 0.0.0.0 for all.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8000,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Fill an empty database with the report's six SDs and week."),
    ] = False,
    no_watch: Annotated[
        bool, typer.Option("--no-watch", help="Do not read transcripts of this machine.")
    ] = False,
) -> None:
    """Set up what is missing, and serve budgetctl until Ctrl-C.

    Starting again changes nothing that is there.
    """
    try:
        with serving.stopping_on_signals() as stopping, serving.listen(host, port) as listener:
            _set_up(demo)
            _allow(host, listener)
            stopped = stopping.gently()
            with serving.ticking(), watching.watching(transcripts=not no_watch):
                _say("Open", _address(host, listener))
                _say("Stop", "Ctrl-C")
                serving.serve(listener, stopped)
    except KeyboardInterrupt:
        pass
    _print("Stopped.")


def _set_up(demo: bool) -> None:
    os.umask(0o077)  # what is made from here on is the owner's alone
    set_django_up()
    from django.conf import settings
    from django.db import connections

    home = Path(settings.HOME)
    setup.make_home(home)
    with setup.one_at_a_time(home):
        migrated = setup.migrate()
        _say("Data", f"{_place()}{', set up for this version' if migrated else ''}")
        _note_unbound_role()
        _make_owner()
        if demo:
            _load_demo()
    connections.close_all()  # the threads of the server open their own


def _make_owner() -> None:
    given = os.environ.get(setup.PASSWORD_VARIABLE, "")
    if setup.make_owner(given, say=_say_given if given else _say_random):
        return
    _say("Owner", f"{setup.OWNER} (the account is there already; its password stays)")
    if not setup.has_signed_in():
        _say("", "Nobody has signed in with it yet. If it is lost, set a new one:")
        _say("", "budgetctl password")


def _say_random(password: str) -> None:
    _say("Owner", setup.OWNER)
    _say("Password", f"{password}   (keep it: it is shown only this once)")


def _say_given(password: str) -> None:
    _say("Owner", f"{setup.OWNER}, with the password of {setup.PASSWORD_VARIABLE}")
    if weak := setup.weakness(password):
        _say("", f"Better choose a stronger one. {weak}")


def _note_unbound_role() -> None:
    from allocation.rights.checks import unbound_role

    if role := unbound_role():
        _say("Note", f"The PostgreSQL role {role} bypasses the rights of the tables.")
        _say("", "docs/database-rights.md says how to connect as one that does not.")


def _load_demo() -> None:
    from django.utils import timezone

    from allocation.dashboard.demo import load_demo

    loaded = load_demo(now=timezone.now())
    _say("Demo", "six SDs and a week that is nearly spent" if loaded else "is loaded already")


def _allow(host: str, listener: socket.socket) -> None:
    """Answer to the host that we were told to serve on. Other names must be said in a setting."""
    from django.conf import settings

    if serving.is_any(listener):
        if "ALLOWED_HOSTS" not in os.environ:
            _say("Note", "Others reach it by the names in ALLOWED_HOSTS only; set for example")
            _say("", f"ALLOWED_HOSTS=localhost,{socket.gethostname()}")
    else:
        settings.ALLOWED_HOSTS.append(serving.host_in_address(host))


def _address(host: str, listener: socket.socket) -> str:
    shown = "127.0.0.1" if serving.is_any(listener) else host
    return f"http://{serving.host_in_address(shown)}:{listener.getsockname()[1]}/"


def _place() -> str:
    from django.db import connection

    if connection.vendor == "sqlite":
        return str(connection.settings_dict["NAME"])
    return f"{connection.display_name}, database {connection.settings_dict['NAME']}"


def _say(label: str, text: str) -> None:
    _print(f"{label:<10}{text}")


def _print(text: str) -> None:
    console().print(text, soft_wrap=True)
