"""What is logged on standard error, whoever sent what is in it."""

import logging
import sys

from budgetctl.log_lines import Lines

HOSTILE = "a\n2026-01-01 ERROR root: forged \x1b]0;x\x07\x9b2J\u202e"


def logged(*arguments: object, raised: bool = False) -> list[str]:
    exc_info = sys.exc_info() if raised else None
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%s", arguments, exc_info)
    return Lines("{levelname} {name}: {message}", style="{").format(record).split("\n")


def test_what_was_sent_stays_in_its_line_and_steers_no_terminal() -> None:
    [line] = logged(HOSTILE)
    assert line.startswith("ERROR x: a�2026-01-01 ERROR root: forged �]0;x��2J�")


def test_a_stack_trace_keeps_its_lines_and_begins_none_like_the_log() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        first, *trace = logged("/path", raised=True)
    assert first == "ERROR x: /path"
    assert all(line.startswith("  ") and line.isprintable() for line in trace)
    assert "  Traceback (most recent call last):" in trace
