"""Which tool counts what wrong, on sets of transcripts that are easy to count wrong.

    python -m tests.benchmarks.traps [--ccusage node_modules/.bin/ccusage]
        [--claude-monitor venv/bin/python]

The sets are those of trap_set.py. ccusage is its command, run as `ccusage monthly --json
--offline`; claude-monitor is the Python that it is installed in: no command of it prints totals of
all time as JSON, so its own reader is called. Ends with 1 where budgetctl counts anything wrong.
"""

import argparse
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from django.core.management import call_command

from budgetctl.cli.database import set_django_up
from tests.benchmarks.processes import run
from tests.benchmarks.trap import Counted, Trap

Tool = Callable[[Path], Counted]
KINDS = ("input", "output", "writes", "read")
SCREEN = Decimal("0.000001")  # dollars that differ by less are the same

# Prints its totals, in the order of Counted.
MONITOR = """
import json, sys
from claude_monitor.data.reader import load_usage_entries
entries, _ = load_usage_entries(data_path=sys.argv[1])
names = ("input", "output", "cache_creation", "cache_read")
print(json.dumps([*(sum(getattr(e, f"{n}_tokens") for e in entries) for n in names),
                  sum(e.cost_usd for e in entries)]))
"""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A tool that is a program of its own, with an empty home."""

    command: tuple[str, ...]
    understand: Callable[[str], Counted]

    def __call__(self, folder: Path) -> Counted:
        config = str(folder.parent)
        environment = {**os.environ, "HOME": config, "CLAUDE_CONFIG_DIR": config}
        command = [part.replace("{folder}", str(folder)) for part in self.command]
        return self.understand(run(command, environment).out)


def of_ccusage(out: str) -> Counted:
    """The totals of its JSON; it prints none where it found nothing."""
    total = json.loads(out).get("totals") or {}
    tokens = [total.get(f"{kind}Tokens", 0) for kind in ("input", "output")]
    cache = [total.get(f"cache{kind}Tokens", 0) for kind in ("Creation", "Read")]
    return Counted(*tokens, *cache, Decimal(str(total.get("totalCost", 0))))


def of_monitor(out: str) -> Counted:
    """What MONITOR printed."""
    *tokens, dollars = json.loads(out.splitlines()[-1])
    return Counted(*tokens, Decimal(str(dollars)))


def budgetctl(folder: Path) -> Counted:
    """Ours, with an empty table of usage."""
    from allocation.catalog.pricing import load_price_book
    from allocation.policy.meter import ALL_TOKENS
    from allocation.usage.models import AgentCall, AgentRun, TranscriptFile, UsageHour, UsageRecord
    from allocation.usage.operations import import_transcripts
    from allocation.usage.totals import burned

    for table in (UsageRecord, UsageHour, TranscriptFile, AgentRun, AgentCall):
        table.objects.all().delete()
    import_transcripts(paths=[folder], now=datetime.now(UTC))
    found = burned(meter=ALL_TOKENS, book=load_price_book())
    counts = found.counts
    writes = counts.cache_write_5m + counts.cache_write_1h
    return Counted(counts.input, counts.output, writes, counts.cache_read, found.usd)


def faults(trap: Trap, found: Counted) -> str:
    """What is wrong with a count, in a few words; nothing if it is right."""
    wrong = [
        f"{kind} {getattr(found, kind):,} not {getattr(trap.right, kind):,}"
        for kind in KINDS
        if getattr(found, kind) != getattr(trap.right, kind)
    ]
    if trap.unpriced and found.usd is not None:
        wrong.append(f"${found.usd:f} for an unknown price")
    right = trap.right.usd
    if right is not None and (found.usd is None or abs(found.usd - right) > SCREEN):
        wrong.append(f"${found.usd:f} not ${right:f}" if found.usd is not None else "no dollars")
    return ", ".join(wrong)


def lay(trap: Trap, folder: Path) -> None:
    """Write a set."""
    for name, content in trap.files.items():
        path = folder / "-home-dev-proj" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content())


def compare(traps: Sequence[Trap], tools: dict[str, Tool], temporary: Path) -> dict[str, int]:
    """Print a line for each set and tool that is wrong; how many each tool got wrong."""
    wrong = dict.fromkeys(tools, 0)
    for number, trap in enumerate(traps):
        folder = temporary / str(number) / "projects"
        lay(trap, folder)
        marks = {name: faults(trap, tool(folder)) for name, tool in tools.items()}
        print(
            f"{trap.name:<38}"
            + "".join(f" {'wrong' if m else 'right':<15}" for m in marks.values())
        )
        for name, mark in marks.items():
            if mark:
                wrong[name] += 1
                print(f"    {name}: {mark}")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--ccusage", default="", help="the command, as installed by npm")
    parser.add_argument("--claude-monitor", default="", help="the Python that it is installed in")
    options = parser.parse_args()
    tools: dict[str, Tool] = {"budgetctl": budgetctl}
    if options.ccusage:
        command = (*shlex.split(options.ccusage), "monthly", "--json", "--offline")
        tools["ccusage"] = Elsewhere(command, of_ccusage)
    if options.claude_monitor:
        command = (options.claude_monitor, "-c", MONITOR, "{folder}")
        tools["claude-monitor"] = Elsewhere(command, of_monitor)
    with tempfile.TemporaryDirectory(prefix="budgetctl-traps-") as temporary:
        os.environ["BUDGETCTL_HOME"] = temporary
        os.environ["DJANGO_SETTINGS_MODULE"] = "budgetctl.settings"
        set_django_up()
        call_command("migrate", verbosity=0)
        from tests.benchmarks.trap_set import TRAPS

        print(f"{'':<38}" + "".join(f" {name:<15}" for name in tools))
        wrong = compare(TRAPS, tools, Path(temporary))
    print(f"{f'wrong of {len(TRAPS)}':<38}" + "".join(f" {count:<15}" for count in wrong.values()))
    sys.exit(1 if wrong["budgetctl"] else 0)


if __name__ == "__main__":
    main()
