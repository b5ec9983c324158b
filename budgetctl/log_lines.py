"""Log lines in which nothing that was sent to us can begin a new line or steer a terminal."""

import logging
from types import TracebackType

from allocation.policy.plain import safe, safe_lines

_Raised = tuple[type[BaseException], BaseException, TracebackType | None]


class Lines(logging.Formatter):
    """A record as one line, and the lines of its stack trace."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line; what would break it is replaced."""
        return safe(super().formatMessage(record))

    def formatException(self, ei: _Raised | tuple[None, None, None]) -> str:
        """The stack trace, set in, so that none of its lines looks like one of the log."""
        trace = safe_lines(super().formatException(ei))
        return "\n".join(f"  {line}" for line in trace.split("\n"))
