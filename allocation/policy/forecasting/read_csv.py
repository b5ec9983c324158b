"""Token use from a CSV file, in one of three shapes told apart by the header.

`series,date,tokens` has one row per UTC day, `series,hour_utc,tokens` one per hour, and
`timestamp,tokens` any number of rows of one user, which are added up by the hour.

What would make a figure wrong is refused with the line it stands in; what has one plain meaning is
taken, and noted in a sentence.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from allocation.policy.errors import RuleError, check_seen
from allocation.policy.forecasting.series import HOUR, HourlyTokens

BY_DAY = ("series", "date", "tokens")
BY_HOUR = ("series", "hour_utc", "tokens")
BY_TIMESTAMP = ("timestamp", "tokens")
_SHAPES = (BY_DAY, BY_HOUR, BY_TIMESTAMP)
_WHOLE = re.compile(r"[0-9]{1,18}")
_DAY = timedelta(days=1)
# The name of the one series in a file without names.
ONLY_SERIES = "all"


@dataclass(frozen=True, slots=True)
class CsvSeries:
    """One series of a file."""

    name: str
    hours: HourlyTokens


@dataclass(frozen=True, slots=True)
class CsvUse:
    """A file that was understood. `notes` are sentences on what was taken to mean what."""

    series: tuple[CsvSeries, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    series: str
    moment: datetime
    offset: timedelta | None
    tokens: int


def read_csv(lines: Iterable[str], *, now: datetime) -> CsvUse:
    """Use from the lines of a CSV file, series in the order in which they appear.

    Raises RuleError, with the line, for: another header, no row, a field too few or too many, a
    date or time that is none, tokens that are not a whole number from 0 up, a day or hour later
    than `now`, the same day or hour of a series twice, an hour_utc that is not on the hour, and
    timestamps with and without a UTC offset in one file. And for what is no CSV at all.
    """
    records = _records(lines)
    header = tuple(field.lstrip("\ufeff").lower() for field in next(records, (1, []))[1])
    if header not in _SHAPES:
        shapes = "; ".join(",".join(shape) for shape in _SHAPES)
        raise RuleError(f"The first line must be one of: {shapes}.")
    rows = [_row(line, header, fields, now) for line, fields in records if fields]
    if not rows:
        raise RuleError("The file has no row of use.")
    notes = _notes_on_zones(rows)
    by_series: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_series[row.series].append(row)
    series = []
    for name, own in by_series.items():
        notes += _notes_on_order(name, own, header)
        series.append(CsvSeries(name, _hours(name, own, header)))
    return CsvUse(tuple(series), tuple(notes))


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The fields of each record, with its line. None runs over two lines."""
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for fields in reader:
            if reader.line_num > line:
                raise csv.Error
            yield line, [field.strip() for field in fields]
            line += 1
    except csv.Error:
        at = f"Line {line} cannot be read as CSV"
        raise RuleError(f"{at}: a quotation mark may be left open in it.") from None


def _row(line: int, header: Sequence[str], fields: list[str], now: datetime) -> _Row:
    if len(fields) != len(header):
        raise RuleError(f"Line {line} has {len(fields)} fields instead of {len(header)}.")
    *names, when, tokens = fields
    if not _WHOLE.fullmatch(tokens):
        raise RuleError(f"Line {line}: tokens must be a whole number from 0 up, not {tokens!r}.")
    if names == [""]:
        raise RuleError(f"Line {line} does not name its series.")
    check_seen("".join(names), f"Line {line}: the name of the series")
    moment = _moment(line, when, header)
    if moment.replace(tzinfo=moment.tzinfo or UTC) > now:
        raise RuleError(f"Line {line}: {when} lies in the future.")
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise RuleError(f"Line {line}: {when} lies before the calendar begins.") from None
    if header == BY_HOUR and (utc - datetime.min.replace(tzinfo=UTC)) % HOUR:
        raise RuleError(f"Line {line}: {when} is not on a full hour.")
    return _Row(line, (names or [ONLY_SERIES])[0], utc, moment.utcoffset(), int(tokens))


def _moment(line: int, when: str, header: Sequence[str]) -> datetime:
    try:
        if header == BY_DAY:
            return datetime.combine(date.fromisoformat(when), datetime.min.time(), UTC)
        return datetime.fromisoformat(when)
    except ValueError:
        kind = "a date such as 2026-03-31" if header == BY_DAY else "an ISO 8601 time"
        raise RuleError(f"Line {line}: {when!r} is not {kind}.") from None


def _notes_on_zones(rows: Sequence[_Row]) -> list[str]:
    offsets = {row.offset for row in rows}
    if None in offsets and len(offsets) > 1:
        odd = next(row for row in rows if (row.offset is None) != (rows[0].offset is None))
        has = "no" if odd.offset is None else "a"
        raise RuleError(f"Line {odd.line} has {has} UTC offset, unlike the lines before it.")
    if offsets == {None}:
        return ["The times have no UTC offset; they were read as UTC."]
    if offsets != {timedelta()}:
        return ["The times have other UTC offsets; each was converted to UTC."]
    return []


def _notes_on_order(name: str, rows: Sequence[_Row], header: Sequence[str]) -> list[str]:
    notes = []
    if any(later.moment < earlier.moment for earlier, later in pairwise(rows)):
        notes.append(f"{name}: the rows were not in order; they were sorted.")
    if header == BY_TIMESTAMP:
        twins = sum(n - 1 for n in Counter((row.moment, row.tokens) for row in rows).values())
        if twins:
            notes.append(f"{name}: rows that repeat a time and its tokens, all counted: {twins}.")
        return notes
    step, unit = (_DAY, "days") if header == BY_DAY else (HOUR, "hours")
    moments = {row.moment for row in rows}
    missing = (max(moments) - min(moments)) // step + 1 - len(moments)
    if missing > 0:
        notes.append(f"{name}: {unit} without a row, counted as 0 tokens: {missing}.")
    return notes


def _hours(name: str, rows: Sequence[_Row], header: Sequence[str]) -> HourlyTokens:
    buckets: dict[datetime, int] = {}
    for row in rows:
        if header == BY_TIMESTAMP:
            hour = row.moment.replace(minute=0, second=0, microsecond=0)
            buckets[hour] = buckets.get(hour, 0) + row.tokens
            continue
        if row.moment in buckets:
            raise RuleError(f"Line {row.line}: {name} has {row.moment:%Y-%m-%d %H:%M} twice.")
        buckets[row.moment] = row.tokens
    if header == BY_DAY:
        return HourlyTokens.from_days((moment.date(), n) for moment, n in buckets.items())
    return HourlyTokens.from_buckets(buckets.items())
