"""What is asked of a server elsewhere (remote.Hub), asked of the database here."""

from typing import TYPE_CHECKING

from budgetctl.cli import remote
from budgetctl.cli.database import open_database

if TYPE_CHECKING:
    from allocation.api import week_shapes as shapes


class Here:
    """The database here, opened. Its answers are those of a Hub."""

    def __init__(self) -> None:
        open_database()

    def week(self) -> "shapes.Week":
        """The running week in full."""
        from allocation.api import week
        from budgetctl.cli import clock

        return week.week_at(clock.now())

    def forecast(self) -> "shapes.Outlook":
        """How far the week's budget will reach."""
        from allocation.api import week
        from budgetctl.cli import clock

        return week.forecast_at(clock.now())

    def next_sd(self) -> "shapes.Plan":
        """The plan for the SD whose turn it is, if there is one."""
        from allocation.api import week
        from budgetctl.cli import clock

        return week.next_at(clock.now())

    def check(self, sd: str) -> "shapes.Plan":
        """The plan for an SD. Raises RuleError for one that is unknown or over."""
        from allocation.api import week
        from budgetctl.cli import clock, rows

        return week.check_at(rows.sd(sd), clock.now())


def hub_or_here() -> remote.Hub | Here:
    """The server that the environment names, else the database here."""
    return remote.hub() or Here()
