"""The week-1 spreadsheet: every odd file, without a database."""

import codecs
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from allocation.checkpoints.cells import COLUMNS, EXAMPLE, BadRow, SheetRow, Terms
from allocation.checkpoints.spreadsheet import MOST_ROWS, Sheet, read_sheet, write_sheet
from allocation.policy.errors import RuleError
from allocation.policy.phases import CheckpointKind, Phase

HEAD = "SD ID,Phase,Start Timestamp,End Timestamp,Tokens (Est.),Model Used,Rework?\n"
FIRST = 'SD-VISION-001B,EXEC,2025-12-06 10:00,2025-12-06 16:00,"150,000",Sonnet/Opus,No\n'
SECOND = 'SD-MODEL-OPT,PLAN,2025-12-06 09:00,2025-12-06 12:00,"80,000",Sonnet,No\n'
WEEK_1 = HEAD + FIRST + SECOND


def check_code(text: str) -> str:
    if not text.upper().startswith("SD-"):
        raise RuleError("That is no SD.")
    return text.upper()


TERMS = Terms(
    zone=ZoneInfo("America/Los_Angeles"),
    now=datetime(2026, 11, 18, 20, tzinfo=UTC),
    tiers=frozenset({"haiku", "sonnet", "opus", "fable"}),
    check_code=check_code,
)


def read(text: str | bytes) -> Sheet:
    return read_sheet(text.encode() if isinstance(text, str) else text, TERMS)


def one(cells: str) -> SheetRow:
    sheet = read(HEAD + cells)
    assert sheet.bad == ()
    return sheet.rows[0]


def faults(cells: str) -> tuple[str, ...]:
    return read(HEAD + cells).bad[0].faults


def test_the_example_on_the_page_is_a_good_row() -> None:
    sheet = read("".join(write_sheet([EXAMPLE])))
    assert (sheet.bad, len(sheet.rows)) == ((), 1)


def test_the_report_s_spreadsheet_is_read() -> None:
    first, second = read(WEEK_1).rows
    assert first == SheetRow(
        line=2,
        code="SD-VISION-001B",
        phase=Phase.EXEC,
        started_at=datetime(2025, 12, 6, 18, tzinfo=UTC),
        ended_at=datetime(2025, 12, 7, 0, tzinfo=UTC),
        tokens=150_000,
        mix={"sonnet": 50, "opus": 50},
        rework_cycles=0,
        note="“Sonnet/Opus” is read as equal shares: sonnet 50%, opus 50%.",
    )
    assert first.kind is CheckpointKind.EXEC_TO_PLAN
    assert (second.line, second.kind, second.mix, second.note) == (
        3,
        CheckpointKind.PLAN_TO_EXEC,
        {"sonnet": 100},
        "",
    )


def _semicolons(text: str) -> str:
    return text.replace('"150,000"', "150.000").replace('"80,000"', "80.000").replace(",", ";")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(codecs.BOM_UTF8 + WEEK_1.encode(), id="a byte order mark"),
        pytest.param(WEEK_1.encode("utf-16"), id="UTF-16"),
        pytest.param(WEEK_1.encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(codecs.BOM_UTF16_BE + WEEK_1.encode("utf-16-be"), id="UTF-16 big endian"),
        pytest.param(WEEK_1.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(WEEK_1.replace("\n", "\r").encode(), id="CR"),
        pytest.param(_semicolons(WEEK_1).encode(), id="semicolons and points"),
        pytest.param(
            b"sep=;\n" + _semicolons(WEEK_1).encode(), id="a line that names the separator"
        ),
        pytest.param(
            WEEK_1.replace('"150,000"', "150000").replace('"80,000"', "80k").replace(",", "\t"),
            id="tabs",
        ),
        pytest.param(WEEK_1.replace("SD ID", "sd id ").replace("Rework?", "REWORK"), id="case"),
        pytest.param("\n\n" + WEEK_1 + ",,,,,,\n\n", id="empty lines"),
        pytest.param(WEEK_1.replace("\n", ",,\n"), id="empty columns behind"),
    ],
)
def test_odd_files_give_the_same_rows(data: str | bytes) -> None:
    expected = [row.submission for row in read(WEEK_1).rows]
    sheet = read(data)
    assert sheet.bad == ()
    assert [row.submission for row in sheet.rows] == expected


def test_columns_stand_in_any_order() -> None:
    row = read(
        "Tokens,Rework,Model,End,Start,Phase,SD\n5k,2,70% Sonnet 30% Opus,"
        "2025-12-06 16:00,,LEAD,sd-a-1\n"
    ).bad[0]
    assert row.faults[0].startswith("Model Used: “70% sonnet 30% opus” is not a share")
    row = read(
        'Tokens,Rework,Model,End,Start,Phase,SD\n5k,2,"70% Sonnet, 30% Opus",'
        "2025-12-06T16:00:00+01:00,,lead,sd-a-1\n"
    ).rows[0]
    assert row.ended_at == datetime(2025, 12, 6, 15, tzinfo=UTC)
    assert (row.code, row.tokens, row.rework_cycles, row.started_at) == ("SD-A-1", 5_000, 2, None)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not text in UTF-8"),
        (b"PK\x03\x04 a zip", "a binary one"),
        (b"SD ID,Phase\x00\n", "a binary one"),
        (bytes(200), "a binary one"),
        ("Größe".encode("latin-1"), "is not text in UTF-8"),
        ("SD ID,Phase\nSD-A-1,LEAD\n", "lacks “Start Timestamp”, “End Timestamp”"),
        (HEAD.replace("\n", ",Notes\n") + FIRST, "has also “Notes”"),
        (HEAD.replace("Phase", "SD") + FIRST, "lacks “Phase” and has twice “SD ID”"),
        (HEAD, "column names and no rows"),
        (HEAD + FIRST * (MOST_ROWS + 1), "more than 5,000 rows"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        (HEAD + "x" * 200_000, "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_none_is_refused_with_one_sentence(data: str | bytes, sentence: str) -> None:
    with pytest.raises(RuleError, match=sentence) as refused:
        read(data)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ("X-1,LEAD,,2025-12-06,1,,", "SD ID: That is no SD."),
        ("SD-A,DESIGN,,2025-12-06,1,,", "Phase: “DESIGN” is not a phase"),
        ("SD-A,LEAD,,,1,,", "End Timestamp: A row is logged at the moment it ended"),
        ("SD-A,LEAD,,12/6/2025,1,,", "End Timestamp: “12/6/2025” is not a moment"),
        ("SD-A,LEAD,,2026-11-19,1,,", "End Timestamp: 2026-11-19 is still to come."),
        ("SD-A,LEAD,,1999-12-06,1,,", "before there was a Claude"),
        ("SD-A,LEAD,,0001-01-01T00:00+14:00,1,,", "is not a moment"),
        ("SD-A,LEAD,2025-12-07,2025-12-06,1,,", "End Timestamp: It ends before it starts."),
        ("SD-A,LEAD,,2025-12-06,,,", "Tokens (Est.): A phase cannot be logged without"),
        ("SD-A,LEAD,,2025-12-06,-1,,", "Tokens (Est.): Tokens cannot be negative."),
        ("SD-A,LEAD,,2025-12-06,999999999999,,", "more than any phase can burn"),
        ("SD-A,LEAD,,2025-12-06,1,gpt,", "Model Used: “gpt” is not a tier"),
        ("SD-A,LEAD,,2025-12-06,1,sonnet=60,", "adds up to 60%"),
        ("SD-A,LEAD,,2025-12-06,1,,Maybe", "Rework?: “Maybe” is not an answer"),
        ("SD-A,LEAD,,2025-12-06,1,,1001", "Rework?: 1001 cycles of rework cannot be right."),
        ("SD-A,LEAD,,2025-12-06 16:00,150,000,Sonnet,No", "has 8 cells where there should be 7"),
    ],
)
def test_a_bad_row_says_what_is_wrong(cells: str, fault: str) -> None:
    assert fault in faults(cells)[0]


def test_all_faults_of_a_row_are_said_at_once() -> None:
    assert [fault.split(":")[0] for fault in faults("x,y,z,a,b,gpt,c")] == [*COLUMNS]


def test_lines_are_those_of_the_file() -> None:
    broken = '"A\nand more",LEAD,,2025-12-06,1,,\n'
    sheet = read("sep=,\n" + HEAD + FIRST + broken + "x\n")
    assert [row.line for row in sheet.rows] == [3]
    assert [row.line for row in sheet.bad] == [4, 6]
    assert isinstance(sheet.bad[1], BadRow)


@pytest.mark.parametrize(("cell", "cycles"), [("", 0), ("No", 0), ("YES", 1), ("3", 3)])
def test_rework_is_no_yes_or_a_number(cell: str, cycles: int) -> None:
    assert one(f"SD-A,LEAD,,2025-12-06,1,,{cell}").rework_cycles == cycles


def test_a_submission_follows_from_the_values_and_not_from_the_file() -> None:
    again = read(HEAD + SECOND + FIRST.replace("16:00", "16:00-08:00")).rows
    assert [row.submission for row in again] == [row.submission for row in read(WEEK_1).rows][::-1]
    other = one(FIRST.replace("150,000", "150,001"))
    assert other.submission != again[1].submission


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_an_export_runs_as_a_formula(cell: str) -> None:
    head, row = write_sheet([(cell, "", "", "", "", "", "")])
    assert head == ",".join(COLUMNS) + "\r\n"
    assert row.lstrip('"').startswith("'" + cell[0])


def test_a_neutralised_cell_is_read_back_as_it_was() -> None:
    assert "“-5 x” is not" in faults("SD-A,'-5 x,,2025-12-06,1,,")[0]
