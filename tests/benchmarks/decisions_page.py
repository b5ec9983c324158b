"""Server time of what is read of a million decisions: the audit trail and its exports, the KPIs,
the weekly audit, mismatches and one explanation.

    python -m tests.benchmarks.decisions_page [--decisions 1000000] [--rounds 30] [--postgresql]

Makes a database of its own in a temporary folder (SQLite, or the PostgreSQL that comes with the
test packages, with its row-level security at work), or takes the SQLite of BUDGETCTL_HOME or
DATABASE_URL and fills it only if it is empty. It prints the median and the 95th percentile of the
time that Django takes to answer, the time to the first row of each export, and by how much memory
grows while all of it is read.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from urllib.parse import urlencode

BAR = 40  # ms, the median of a page of the trail
FILTERS = {
    "week": "",  # the day on which the week before last began
    "sd": "SD-BENCH-100",
    "sub_agent": "SECURITY",
    "outcome": "pause",
    "override": "yes",
    "mismatch": "silent_mismatch",
}
# What is common, and what finds nothing or hardly anything.
MORE = (
    {"outcome": "use"},
    {"override": "no"},
    {"mismatch": "followed"},
    {"mismatch": "floor_raise"},
    {"sub_agent": "RETRO", "mismatch": "silent_mismatch"},
    {"sub_agent": "RETRO", "override": "yes"},
    {"outcome": "defer", "override": "yes"},
    {"outcome": "pause", "mismatch": "silent_mismatch"},
    {"outcome": "use", "mismatch": "unknown"},
    {"override": "no", "mismatch": "override"},
    {"sub_agent": "NOBODY"},
    {"sd": "SD-BENCH-199", "mismatch": "silent_mismatch"},
)


def timed(address: str, rounds: int) -> tuple[float, float, float]:
    """Of the answers the median, the 95th percentile, and the median of this process's own work (on
    SQLite all there is, whatever else the machine does), in milliseconds."""
    from django.test import Client

    client = Client()
    client.force_login(owner(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address).status_code == 200, address
    times, cpu = [], []
    for _ in range(rounds):
        begin, worked = time.perf_counter(), time.process_time()
        client.get(address)
        times.append((time.perf_counter() - begin) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1], statistics.median(cpu)


def owner() -> object:
    """The one who reads."""
    from django.contrib.auth.models import User

    found, _ = User.objects.get_or_create(
        username="chairman", defaults={"is_staff": True, "is_superuser": True}
    )
    return found


def addresses(now: datetime) -> Iterator[tuple[str, str]]:
    """What is measured: what to call it, and its address."""
    from allocation.budgets.models import BudgetWeek
    from allocation.decisions.models import Decision
    from allocation.reports.models import WeekSnapshot

    week = BudgetWeek.objects.order_by("-start")[2]
    given = FILTERS | {"week": f"{week.start:%Y-%m-%d}"}
    deep = Decision.objects.order_by("-at", "-id")[Decision.objects.count() * 9 // 10]
    cursor = f"{deep.at.isoformat()}_{deep.pk}"
    yield "first page", "/decisions/"
    yield "deep page", "/decisions/?" + urlencode({"before": cursor})
    yield "deep page, newer", "/decisions/?" + urlencode({"after": cursor})
    chosen = [*combinations(given, 1), *combinations(given, 2)]
    for some in [*({name: given[name] for name in names} for names in chosen), *MORE]:
        yield ", ".join(f"{k}={v}" for k, v in some.items()), "/decisions/?" + urlencode(some)
    snapshot = WeekSnapshot.objects.order_by("-week__start")[1]
    yield "explain", f"/decisions/{deep.pk}/"
    yield "mismatches", "/mismatches/"
    yield "mismatches, deep", "/mismatches/?" + urlencode({"before": cursor})
    yield "overrides", "/overrides/"
    yield "weekly audits", "/audit/"
    yield "weekly audit, closed", f"/audit/{snapshot.label}/"
    yield "weekly audit, running", f"/audit/{running_label()}/"
    yield "KPIs", "/kpis/"
    yield "data readiness", "/readiness/"
    yield "an SD", f"/sds/{FILTERS['sd']}/"
    yield "week page", "/"


def running_label() -> str:
    """The name of the running week."""
    from zoneinfo import ZoneInfo

    from allocation.budgets.models import BudgetRule, BudgetWeek
    from allocation.reports.labels import open_labels

    rule = BudgetRule.objects.get()
    return open_labels(ZoneInfo(rule.timezone))[BudgetWeek.objects.latest("start").pk]


def export(suffix: str) -> str:
    """Read an export to its end: the time to its first byte and to its last, rows and memory."""
    from django.test import Client

    client = Client()
    client.force_login(owner(), backend="django.contrib.auth.backends.ModelBackend")
    held, begin = [anonymous()], time.perf_counter()
    chunks = iter(client.get(f"/decisions/export.{suffix}").streaming_content)  # type: ignore[attr-defined]  # a stream
    size = len(next(chunks)) + len(next(chunks))  # the heading, and the first row
    first = time.perf_counter() - begin
    for number, chunk in enumerate(chunks):
        size += len(chunk)
        if number % 100 == 0:
            held.append(anonymous())
    total = time.perf_counter() - begin
    return (
        f"export {suffix}: first row after {first * 1000:.0f} ms, all {size / 1e6:,.0f} MB after "
        f"{total:.1f} s, memory + {max(held) - held[0]:.1f} MB"
    )


def anonymous() -> float:
    """The memory that this process holds, in MB; without the database file that SQLite maps."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


def measure(count: int, rounds: int, suffixes: Sequence[str]) -> None:
    """Fill, measure, print."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from django.db import connection

    from allocation.decisions.counts import count_weeks
    from allocation.decisions.models import Decision
    from allocation.reports.operations import close_weeks
    from allocation.rights.roles import Role, act_as
    from tests.benchmarks.decisions_fill import WEEKS, fill

    act_as(Role.CHAIRMAN)
    now, begin = datetime.now(UTC), time.perf_counter()
    if not Decision.objects.exists():
        fill(count, start=now - timedelta(weeks=WEEKS), now=now)
    took = time.perf_counter() - begin
    print(f"{connection.vendor}: {Decision.objects.count():,} decisions, stored in {took:.0f} s")
    begin = time.perf_counter()
    closed = close_weeks(now=now)
    count_weeks(now=now)  # marks them
    count_weeks(now=now)
    print(f"{closed} weeks closed in {time.perf_counter() - begin:.1f} s")
    timed("/decisions/", 2)  # the first answer of a process reads the modules of all pages
    for suffix in suffixes:
        print(export(suffix), flush=True)
    for name, address in addresses(now):
        p50, p95, cpu = timed(address, rounds)
        over = "  OVER" if address.startswith("/decisions") and p50 > BAR else ""
        print(f"{name:<52} p50 {p50:6.1f}, p95 {p95:6.1f}, own {cpu:6.1f}{over}", flush=True)


def own_database(url: str) -> str:
    """The address of a new database that the role of `url` owns."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE decisions")
    return url.replace("/postgres?", "/decisions?", 1)


def main() -> None:
    """Read the options, and choose the database."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--exports", nargs="*", default=["csv", "json"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = os.environ.setdefault("BUDGETCTL_HOME", folder)
        os.environ.setdefault("ALLOWED_HOSTS", "testserver")
        os.environ["DJANGO_SETTINGS_MODULE"] = "budgetctl.settings"
        if options.postgresql:
            from tests.databases import start_server

            os.environ.setdefault("DATABASE_URL", own_database(start_server(Path(home))))
        measure(options.decisions, options.rounds, options.exports)


if __name__ == "__main__":
    main()
