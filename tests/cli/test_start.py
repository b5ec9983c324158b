"""`budgetctl start`, run as a process, on the database of this test run."""

import contextlib
import re
import signal
import socket
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import psycopg
import pytest

from tests.cli.conftest import BUDGETCTL, SECONDS, Environment, Server, budgetctl

Launch = Callable[..., Server]
NewEnvironment = Callable[[], Environment]


@pytest.fixture(scope="module")
def environment(new_environment: NewEnvironment) -> Environment:
    """One home for the tests that look at what a first start left."""
    return new_environment()


@pytest.fixture(scope="module")
def first(launch: Launch, environment: Environment) -> Server:
    """A first start on an empty home, running."""
    server = launch(environment)
    server.wait_until_it_serves()
    return server


def signs_in(address: str, password: str) -> bool:
    """Whether the owner gets in through the sign-in form."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{address}accounts/login/") as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    assert token
    form = {
        "csrfmiddlewaretoken": token[1],
        "username": "chairman",
        "password": password,
        "next": "/admin/",
    }
    with browser.open(f"{address}accounts/login/", urlencode(form).encode()) as page:
        return bool(page.url == f"{address}admin/")


def execute(environment: Environment, statement: str) -> None:
    """One statement on the database of a home, from outside."""
    if url := environment.get("DATABASE_URL"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET budgetctl.role = 'chairman'")
            connection.execute(statement)
        return
    database = sqlite3.connect(Path(environment["BUDGETCTL_HOME"]) / "budgetctl.sqlite3")
    with database:
        database.execute(statement)
    database.close()


def test_a_first_start_serves_and_prints_the_password_that_signs_in(first: Server) -> None:
    password = first.value("Password").split()[0]
    assert len(password) >= 16
    assert sum(password in line for line in first.lines) == 1
    assert signs_in(first.value("Open"), password)


def test_a_first_start_keeps_its_files_to_the_owner(
    first: Server, environment: Environment
) -> None:
    home = Path(environment["BUDGETCTL_HOME"])
    open_to_others = []
    for path in home.iterdir():
        # SQLite takes its -wal and -shm away while the server works; those are gone, not open.
        with contextlib.suppress(FileNotFoundError):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                open_to_others.append(path.name)
    assert open_to_others == []
    assert (home / "secret_key").exists()


def test_a_first_start_opens_the_budget_week_at_once(
    first: Server, environment: Environment
) -> None:
    # A second week with the same start breaks a unique constraint: so there is one.
    copy = (
        "INSERT INTO weekly_budget_snapshots (start, {end}, {limit}, reserve_percent, budget_zone,"
        " meter_name) SELECT start, {end}, {limit}, reserve_percent, '', ''"
        " FROM weekly_budget_snapshots"
    ).format(end='"end"', limit='"limit"')
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        execute(environment, copy)


def test_a_second_start_is_quiet_and_sigterm_stops_it(
    first: Server, launch: Launch, environment: Environment
) -> None:
    assert signs_in(first.value("Open"), first.value("Password").split()[0])
    second = launch(environment)
    second.wait_until_it_serves()
    assert "is there already" in second.value("Owner")
    assert "Password" not in "\n".join(second.lines)
    assert not any("budgetctl password" in line for line in second.lines)  # it was used
    assert "set up" not in second.value("Data")
    assert signs_in(second.value("Open"), first.value("Password").split()[0])
    assert second.stop(signal.SIGTERM) == 0
    assert second.lines[-1] == "Stopped."
    assert second.errors() == ""


def test_a_database_of_a_newer_version_is_refused(first: Server, environment: Environment) -> None:
    newer = "VALUES ('budgets', '9999_from_the_future', '2030-01-01 00:00:00+00:00')"
    execute(environment, f"INSERT INTO django_migrations (app, name, applied) {newer}")
    try:
        result = budgetctl(environment, "start", "--port", "0")
    finally:
        execute(environment, "DELETE FROM django_migrations WHERE name = '9999_from_the_future'")
    assert_refused(result, "made by a newer version")


def test_ctrl_c_stops_it_with_one_line(first: Server) -> None:
    """The last test of the module that uses the first start."""
    assert first.stop(signal.SIGINT) == 0
    assert first.lines[-1] == "Stopped."
    assert first.errors() == ""


def test_two_starts_at_once_on_one_home_both_serve_and_one_makes_the_owner(
    launch: Launch, new_environment: NewEnvironment
) -> None:
    environment = new_environment()
    servers = [launch(environment), launch(environment)]
    addresses = {server.wait_until_it_serves() for server in servers}
    assert len(addresses) == 2
    owners = sorted(server.value("Owner") for server in servers)
    assert owners[0] == "chairman"
    assert "is there already" in owners[1]
    assert [server.stop() for server in servers] == [0, 0]
    assert [server.errors() for server in servers] == ["", ""]


def test_the_owners_password_can_be_given(launch: Launch, new_environment: NewEnvironment) -> None:
    password = "a long enough sentence"
    server = launch(new_environment() | {"BUDGETCTL_CHAIRMAN_PASSWORD": password})
    address = server.wait_until_it_serves()
    assert password not in "\n".join(server.lines)
    assert signs_in(address, password)
    assert not signs_in(address, "another")


def test_while_nobody_has_signed_in_a_start_says_how_to_set_a_new_password(
    launch: Launch, new_environment: NewEnvironment
) -> None:
    environment = new_environment()
    first = launch(environment)
    first.wait_until_it_serves()
    first.stop(signal.SIGKILL)
    second = launch(environment)
    address = second.wait_until_it_serves()
    place = next(place for place, line in enumerate(second.lines) if "set a new one:" in line)
    command = second.lines[place + 1].split()
    assert command[0] == "budgetctl"
    new = "a long enough sentence"
    said = subprocess.run(
        [*BUDGETCTL, *command[1:]],
        env=environment,
        input=f"{new}\n",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert signs_in(address, new)
    assert new not in said.stdout + said.stderr


def test_the_demo_is_loaded_once(launch: Launch, new_environment: NewEnvironment) -> None:
    environment = new_environment()
    said = []
    for _ in range(2):
        server = launch(environment, "--demo")
        server.wait_until_it_serves()
        said.append(server.value("Demo"))
        assert server.stop() == 0
    assert said == ["six SDs and a week that is nearly spent", "is loaded already"]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_one_line_and_changes_nothing(
    taken_port: int, new_environment: NewEnvironment
) -> None:
    environment = new_environment()
    result = budgetctl(environment, "start", "--port", str(taken_port))
    assert_refused(result, f"Port {taken_port} is taken")
    assert not Path(environment["BUDGETCTL_HOME"]).exists()


@pytest.mark.parametrize("host", ["203.0.113.7", "256.1.1.1", "no/host"])
def test_a_host_that_is_not_ours_is_one_line(host: str, new_environment: NewEnvironment) -> None:
    result = budgetctl(new_environment(), "start", "--port", "0", "--host", host)
    assert_refused(result, f"--host {host} is no address")


def test_a_home_that_cannot_be_written_is_one_line(
    tmp_path: Path, new_environment: NewEnvironment
) -> None:
    # File modes do not stop root, which the tests may run as; a file in the place of a folder does.
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    result = budgetctl(new_environment() | {"BUDGETCTL_HOME": str(home)}, "start", "--port", "0")
    assert_refused(result, "BUDGETCTL_HOME cannot be used")
    # The same where the secret key is given, and settings have nothing to write.
    environment = new_environment() | {"BUDGETCTL_HOME": str(home), "SECRET_KEY": "given"}
    result = budgetctl(environment, "start", "--port", "0")
    assert_refused(result, "BUDGETCTL_HOME cannot be used")


def test_a_database_that_cannot_be_opened_is_one_line(
    tmp_path: Path, new_environment: NewEnvironment
) -> None:
    environment = new_environment() | {"DATABASE_URL": f"sqlite:///{tmp_path}"}  # a folder
    assert_refused(budgetctl(environment, "start", "--port", "0"), "cannot be opened")


def test_a_file_that_is_no_database_is_one_line(
    tmp_path: Path, new_environment: NewEnvironment
) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be taken for one" * 20)
    environment = new_environment() | {"DATABASE_URL": f"sqlite:///{tmp_path / 'notes.txt'}"}
    assert_refused(budgetctl(environment, "start", "--port", "0"), "file is not a database")


def test_a_server_that_does_not_answer_is_one_line(new_environment: NewEnvironment) -> None:
    environment = new_environment() | {"DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/nothing"}
    assert_refused(budgetctl(environment, "start", "--port", "0"), "The database does not answer")


def test_a_port_out_of_range_is_wrong_usage(new_environment: NewEnvironment) -> None:
    assert budgetctl(new_environment(), "start", "--port", "70000").returncode == 2


def assert_refused(result: object, sentence: str) -> None:
    assert sentence in result.stderr
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1, result.stderr
