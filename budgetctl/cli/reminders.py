"""`budgetctl reminders`: what is due, and a test of how it is sent."""

import typer

from allocation.policy.plain import safe
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json
from budgetctl.cli.printing import emit, show

reminders = typer.Typer(
    help="List open reminders, and test how they are sent.",
    invoke_without_command=True,
    add_completion=False,
)


@reminders.callback()
def list_reminders(context: typer.Context, as_json: Json = False) -> None:
    """List open reminders, and test how they are sent."""
    if context.invoked_subcommand is not None:
        return
    open_database()
    from budgetctl.cli import clock, reminder_text, rows

    found = reminder_text.open_reminders(clock.now())
    if as_json:
        emit({"reminders": [reminder_text.as_json(row) for row in found]})
    else:
        show(reminder_text.as_text(found, rows.owners_clock()))


@reminders.command("test")
def send_test(as_json: Json = False) -> None:
    """Send a test over each channel that is on, and say what came of it."""
    open_database()
    from allocation.reminders.means import means
    from allocation.reminders.models import State
    from allocation.reminders.outbox import send_test as send
    from budgetctl.cli import clock, rows
    from budgetctl.cli.refusals import Refused

    tests = send(actor=rows.actor(), now=clock.now(), means=means())
    if as_json:
        emit(
            {
                "tests": [
                    {"channel": each.channel, "state": each.state, "said": each.said}
                    for each in tests
                ]
            }
        )
    else:
        show(f"{each.get_channel_display()}: {each.state}. {safe(each.said)}" for each in tests)
    if any(each.state != State.SENT for each in tests):
        raise Refused("Not every test arrived.")
