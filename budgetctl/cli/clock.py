"""The one place of the command line that reads a clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, in UTC. A command takes it once and passes it on."""
    return datetime.now(UTC)
