"""Server time of the week page at 26 weeks of history, for several sizes of it.

    python -m tests.benchmarks.week_page [--records 10000 1000000] [--rounds 200]

Makes a database of its own in a temporary folder (or uses DATABASE_URL), fills it to each size in
turn, and prints the median and the 95th percentile of the time that Django takes to answer the
page, and the ratio to the first size.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

WEEKS = 26
BATCH = 20_000
AGENTS = ("TESTING", "DATABASE", "VALIDATION", "SECURITY", "DESIGN", "DOCMON", "RETRO", "", "", "")
MODELS = ("claude-haiku-4-5-20251001", "claude-sonnet-4-5-20250929", "claude-opus-4-5-20251101")


def observations(first: int, last: int, now: datetime) -> Iterator[object]:
    """Requests number `first` to `last`, in working hours spread over the weeks before `now`."""
    from allocation.usage.observation import Observation

    for number in range(first, last):
        chance = random.Random(number)
        day = now - timedelta(days=chance.randrange(WEEKS * 7))
        at = day.replace(hour=0) + timedelta(seconds=chance.gauss(16, 3) % 24 * 3600)
        at = min(at, now)
        agent = chance.choice(AGENTS)
        yield Observation(
            message_id=f"msg_{number}",
            request_id=f"req_{number}",
            source="transcript",
            at=at,
            counted_at=at,
            session_id=f"session-{number // 200}",
            agent_id=f"a{number // 20}" if agent else "",
            agent_type=agent,
            sidechain=bool(agent),
            model=chance.choice(MODELS),
            input=chance.randrange(10),
            output=chance.randrange(100),
            cache_write_5m=chance.randrange(100),
            cache_read=chance.randrange(20_000),
        )


def fill(have: int, want: int, now: datetime) -> None:
    """Store requests until there are `want` of them."""
    from allocation.usage.ingest import store
    from allocation.usage.terms import load_terms

    terms = load_terms()
    for first in range(have, want, BATCH):
        store(list(observations(first, min(first + BATCH, want), now)), terms=lambda: terms)


def measure(rounds: int) -> list[float]:
    """Milliseconds of each answer."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    owner, _ = User.objects.get_or_create(
        username="chairman", defaults={"is_staff": True, "is_superuser": True}
    )
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/").status_code == 200
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        client.get("/")
        times.append((time.perf_counter() - begin) * 1000)
    return times


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ.setdefault("BUDGETCTL_HOME", home)
        os.environ.setdefault("ALLOWED_HOSTS", "testserver")
        os.environ["DJANGO_SETTINGS_MODULE"] = "budgetctl.settings"
        from django.core.management import call_command

        from budgetctl.cli.database import set_django_up

        set_django_up()
        call_command("migrate", verbosity=0)
        from allocation.budgets.operations import ensure_weeks

        now = datetime.now(UTC)
        ensure_weeks(since=now - timedelta(weeks=WEEKS), now=now)
        have, base = 0, None
        for want in sorted(options.records):
            fill(have, want, now)
            have = want
            times = measure(options.rounds)
            p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
            base = base or p50
            print(f"{want:>9,} records: p50 {p50:.1f} ms, p95 {p95:.1f} ms, ratio {p50 / base:.2f}")


if __name__ == "__main__":
    main()
