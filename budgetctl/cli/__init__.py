"""The command line, `budgetctl`.

To add a command, write a module here with a plain function whose parameters are typer's, and give
it one line in COMMANDS of app.py:

    "recommend": "budgetctl.cli.recommend:recommend",

A typer.Typer instead of a function makes a group (`budgetctl usage import`), whose `help` is its
docstring; of either `budgetctl --help` prints the first sentence. In the function:

    open_database()                 from budgetctl.cli.database: sets Django up, and refuses a
                                    database that is missing, older or newer
    raise Refused("One sentence.")  from budgetctl.cli.refusals: one line on standard error, exit 1;
                                    RuleError, ValidationError and database errors do the same
    raise typer.BadParameter(...)   wrong usage, exit 2

A module is imported for `budgetctl --help` too, so it imports neither Django nor a model at its
top: what a command needs of those it imports when it runs, after open_database().
"""

import sys

HOT = ("hook", "statusline")


def main() -> None:
    """The console script. The commands that Claude Code waits for are dispatched here, before
    typer (0.1 s) and Django (0.3 s) are imported."""
    if sys.argv[1:2] and sys.argv[1] in HOT and "--help" not in sys.argv:
        from allocation.claude_code.client.run import main as answer

        answer(sys.argv[1:])
    from allocation.collector import at_rest, spare_the_end

    with at_rest():
        from budgetctl.cli.app import run

    try:
        sys.exit(run(sys.argv[1:]))
    finally:
        spare_the_end()
