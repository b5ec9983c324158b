"""Spans between two readings of the plan's meter, long enough to learn from.

The calibration compares by how many points the meter rose in a span with the tokens that were used
in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from allocation.policy.plan_windows import SAME_RESET, Reading, opens_window

# How long spans are on the average. Readings are whole percent: shorter ones say little.
SPAN_PERCENT = Decimal(5)
# A plan window that rose by less than this says nothing.
FEWEST_PERCENT = Decimal(2)


@dataclass(frozen=True, slots=True)
class Span:
    """From one reading to a later one of the same plan window; `window` numbers the windows."""

    window: int
    start: Reading
    end: Reading

    @property
    def percent(self) -> Decimal:
        """By how many points the plan's meter rose."""
        return self.end.percent - self.start.percent


def plan_spans(readings: Iterable[Reading]) -> list[Span]:
    """The spans of readings of one kind of window, oldest first, in whatever order they come.

    No span crosses a reset, told or seen by a percentage that falls. A lower reading between higher
    ones of the same reset is an idle session that repeats what it last heard, and no reset.
    """
    ordered = sorted(readings, key=lambda one: (one.at, one.resets_at, one.percent))
    # Of readings of one moment the highest stands: sessions hear of the same plan.
    latest = list({one.at: one for one in ordered}.values())
    windows: list[list[Reading]] = []
    for reading in _without_echoes(latest):
        if windows and not opens_window(windows[-1][-1], reading):
            windows[-1].append(reading)
        else:
            windows.append([reading])
    return [span for number, window in enumerate(windows) for span in _cut(number, window)]


def _cut(number: int, window: Sequence[Reading]) -> Iterator[Span]:
    """Spans of about equal time.

    To cut wherever the meter has risen by so many percent would bias the fit: all rises would be
    alike, and the whole error would lie in the tokens, which makes fitted weights too low.
    """
    start, last = window[0], window[-1]
    rise = last.percent - start.percent
    if rise < FEWEST_PERCENT or last.at == start.at:
        return
    begin, step = start.at, (last.at - start.at) / max(1, int(rise / SPAN_PERCENT))
    edge = begin + step
    for reading in window[1:]:
        if reading is last or reading.at >= edge:
            yield Span(number, start, reading)
            start = reading
            while edge <= reading.at:
                edge += step


def _without_echoes(readings: Sequence[Reading]) -> Iterator[Reading]:
    """Leave out readings that an idle session repeats from earlier.

    Such a reading is lower than one before it, though the window has not been reset: a later
    reading of the same window is as high again.
    """
    later: list[Decimal] = []
    for reading, after in zip(reversed(readings), [None, *reversed(readings)], strict=False):
        same = after is not None and abs(after.resets_at - reading.resets_at) <= SAME_RESET
        later.append(max(reading.percent, later[-1]) if same else reading.percent)
    highest: Reading | None = None
    for reading, to_come in zip(readings, reversed(later), strict=True):
        same = highest is not None and abs(highest.resets_at - reading.resets_at) <= SAME_RESET
        if same and highest is not None and reading.percent < highest.percent <= to_come:
            continue
        highest = reading
        yield reading
