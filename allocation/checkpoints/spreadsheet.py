"""The week-1 spreadsheet (report, step 11): from the bytes of a file to rows with values, and back.

Nothing here looks at the database or the clock.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from allocation.checkpoints.cells import COLUMNS, NAMES, BadRow, SheetRow, Terms, read_row
from allocation.display.sheet import Echo, neutral
from allocation.policy.errors import RuleError

MOST_ROWS = 5_000
MOST_BYTES = 2 * 1024 * 1024

_SEPARATORS = (",", ";", "\t")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_KEYS = {
    "sd": "sd", "sdid": "sd", "phase": "phase", "start": "start", "starttimestamp": "start",
    "end": "end", "endtimestamp": "end", "tokens": "tokens", "tokensest": "tokens",
    "model": "model", "models": "model", "modelused": "model", "rework": "rework",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file holds."""

    rows: tuple[SheetRow, ...]
    bad: tuple[BadRow, ...]


def read_sheet(data: bytes, terms: Terms) -> Sheet:
    """The rows of a spreadsheet saved as CSV. Times without an offset are in the owner's zone.

    Commas, semicolons or tabs, any order and case of the columns, with or without a byte order
    mark, UTF-8 or UTF-16. Raises RuleError with one sentence for a file that is none.
    """
    if len(data) > MOST_BYTES:
        raise RuleError("The file is larger than 2 MB; split it.")
    text = _decoded(data)
    separator, text, skipped = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[SheetRow] = []
    bad: list[BadRow] = []
    try:
        order = _columns(next(reader, []))
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(rows) + len(bad) == MOST_ROWS:
                    raise RuleError(f"The file has more than {MOST_ROWS:,} rows; split it.")
                _sort(_row(cells, order, line + skipped, terms), rows, bad)
            line = reader.line_num + 1
    except csv.Error as error:
        raise RuleError("The file cannot be read as CSV; save it again as CSV UTF-8.") from error
    if not rows and not bad:
        raise RuleError("The file has column names and no rows.")
    return Sheet(tuple(rows), tuple(bad))


def write_sheet(rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """The lines of a CSV file with the spreadsheet's columns; no cell can run as a formula."""
    writer = csv.writer(Echo())
    for row in (COLUMNS, *rows):
        yield writer.writerow([neutral(cell) for cell in row])


def _plain(cell: str) -> str:
    """The cell without the apostrophe that made it harmless."""
    cell = cell.strip()
    return cell[1:].strip() if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    # Every second byte of western text in UTF-16 is 0, also where the mark is missing.
    if encoding == "utf-8" and len(data) >= 4 and not any(data[1:64:2]):
        encoding = "utf-16-le"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise RuleError(
            "The file is not text in UTF-8 or UTF-16; save the spreadsheet as CSV UTF-8."
        ) from error
    if re.search(r"[\x00-\x08\x0b\x0e-\x1f]", text):
        raise RuleError("The file is not a CSV file but a binary one; save it as CSV UTF-8.")
    if not text.strip():
        raise RuleError("The file is empty.")
    return text


def _separator(text: str) -> tuple[str, str, int]:
    """The separator, the text from its column names on, and how many lines stand before them."""
    before = text[: len(text) - len(text.lstrip("\r\n"))]
    skipped = len(before.splitlines())
    text = text[len(before) :]
    first, _, rest = text.partition("\n")
    if match := re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE):
        return match[1], rest, skipped + 1
    return max(_SEPARATORS, key=first.count), text, skipped


def _columns(names: list[str]) -> list[str]:
    """Which column each place holds; "" for a place without a name."""
    known = [_KEYS.get(re.sub(r"[^a-z]", "", name.lower()), "") for name in names]
    missing = [title for key, title in NAMES.items() if key not in known]
    other = [
        name.strip() for name, key in zip(names, known, strict=True) if name.strip() and not key
    ]
    twice = [title for key, title in NAMES.items() if known.count(key) > 1]
    if not (missing or other or twice):
        return known
    faults = [
        f"{fault} {_list(found)}"
        for fault, found in (("lacks", missing), ("has also", other), ("has twice", twice))
        if found
    ]
    raise RuleError(f"The columns must be {_list(COLUMNS)}; this file {' and '.join(faults)}.")


def _list(names: Iterable[str]) -> str:
    shown = [f"“{name[:40]}”" for name in names]
    if len(shown) > 7:
        shown = [*shown[:7], f"{len(shown) - 7} more"]
    return ", ".join(shown)


def _sort(row: SheetRow | BadRow, rows: list[SheetRow], bad: list[BadRow]) -> None:
    if isinstance(row, BadRow):
        bad.append(row)
    else:
        rows.append(row)


def _row(cells: list[str], order: list[str], line: int, terms: Terms) -> SheetRow | BadRow:
    in_place = dict.fromkeys(NAMES, "")
    for key, cell in zip(order, cells, strict=False):
        if key:
            in_place[key] = _plain(cell)
    besides = any(cell.strip() for cell in cells[len(order) :])
    unnamed = any(cell.strip() for key, cell in zip(order, cells, strict=False) if not key)
    if besides or unnamed:
        fault = (
            f"The row has {len(cells)} cells where there should be {len(COLUMNS)}; "
            "put a number with separators in quotes."
        )
        return BadRow(line, tuple(cell.strip() for cell in cells), (fault,))
    return read_row(line, in_place, terms)
