"""How commands write: one line or screen for people, JSON for scripts.

Colour only where the terminal has it (rich honours NO_COLOR, TERM=dumb and pipes), and never as
the only sign: a zone is a shape and a word first.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.text import Text

from allocation.display import format as fmt
from allocation.policy.plain import safe
from allocation.policy.zones import Zone

WIDTH = 80
LABEL = 12

_SHAPES = {Zone.GREEN: "●", Zone.YELLOW: "▲", Zone.ORANGE: "◆", Zone.RED: "⯃"}
_STYLES = {
    Zone.GREEN: "green",
    Zone.YELLOW: "yellow",
    Zone.ORANGE: "dark_orange",
    Zone.RED: "red",
}
OFF_SHAPE = "○"


def console(*, stderr: bool = False) -> Console:
    """A console of at most 80 columns that takes no text for markup."""
    stream = sys.stderr if stderr else sys.stdout
    # A terminal that cannot write a block or an arrow gets a question mark and not a stack trace.
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    made.width = min(made.width, WIDTH)
    return made


@dataclass(frozen=True, slots=True)
class Row:
    """A label and its value. Under the value goes on what is too long for one line."""

    label: str
    value: Text
    indent: int = 2
    width: int = LABEL


Line = Text | str | Row


def show(lines: Iterable[Line]) -> None:
    """Print lines to standard output, wrapped between words where the terminal is narrow."""
    out = console()
    for line in lines:
        made = line if isinstance(line, Row) else _without_label(line)
        # Whatever was quoted in it: what a server or an agent said can steer no terminal.
        made.value.plain = "\n".join(map(safe, made.value.plain.split("\n")))
        label = " " * made.indent + safe(made.label).ljust(made.width)
        if made.value.no_wrap:
            out.print(made.value, no_wrap=True, overflow="crop")
            continue
        for part in made.value.wrap(out, max(20, out.width - len(label))):
            part.rstrip()
            out.print(Text.assemble((label, "bold"), part), soft_wrap=True)
            label = " " * len(label)


def _without_label(line: Text | str) -> Row:
    """A line that goes on where it began, if it is too long for one."""
    text = Text(line) if isinstance(line, str) else line
    indent = len(text.plain) - len(text.plain.lstrip(" "))
    return Row("", text[indent:] if indent else text, indent=indent, width=0)


def emit(value: Any) -> None:
    """Print one JSON document, at once: who is killed after this has said it."""
    print(json.dumps(value, indent=2), flush=True)


def heading(title: str) -> Text:
    """A section's title in a rule, as wide as the terminal."""
    return Text(f"── {title} ".ljust(WIDTH, "─"), style="dim", no_wrap=True)


def row(label: str, *value: Text | str) -> Row:
    """A labelled value."""
    return Row(label, Text.assemble(*value))


def zone(value: Zone) -> Text:
    """A zone as shape and word: ▲ YELLOW."""
    return Text.assemble((_SHAPES[value], _STYLES[value]), f" {value}")


def bar(share: Fraction, cells: int, *, style: str = "", track: bool = False) -> Text:
    """A bar of eighths of cells. More than all fills it; something is never drawn as nothing."""
    eighths = min(cells * 8, fmt.whole(share * cells * 8))
    if share > 0:
        eighths = max(1, eighths)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (" ▏▎▍▌▋▊▉"[part] if part else "")
    if track:
        return Text.assemble((filled, style), ("░" * (cells - len(filled)), "dim"))
    return Text(filled, style=style)


def zone_bar(share: Fraction, in_zone: Zone | None) -> Text:
    """The budget bar in the colour of its zone, 20 cells long."""
    return bar(share, 20, style=_STYLES[in_zone] if in_zone else "", track=True)


def short(value: int | str | Fraction, unit: str) -> str:
    """An amount of the budget in few characters: 42k, or $3.20. `unit` is `tokens` or `usd`."""
    return long(value, unit) if unit == "usd" else fmt.short(Fraction(value))


def long(value: int | str | Fraction, unit: str) -> str:
    """An amount of the budget in full: 42,000, or $3.20. `unit` is `tokens` or `usd`."""
    return fmt.amount(Fraction(value), in_dollars=unit == "usd")


def percent(value: float) -> str:
    """Percent as JSON has them, cut to two decimals, as whole ones: 72%."""
    return fmt.percent(Fraction(str(value)) / 100)
