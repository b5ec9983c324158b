"""`budgetctl hook` and `budgetctl statusline`, as `--help` describes them.

Claude Code waits for both. So budgetctl.cli.main hands them to the client
(allocation.claude_code.client) before typer is imported, and only their help is made from here.
"""

import sys
from typing import Annotated

import typer

Home = Annotated[
    str,
    typer.Option(
        metavar="DIR",
        help="Where the connection and the last known state are. Default: BUDGETCTL_HOME, else "
        "~/.budgetctl.",
    ),
]


def hook(
    *,
    home: Home = "",
    fail_closed: Annotated[
        bool,
        typer.Option(
            "--fail-closed", help="Block a run where neither the server nor a last state answers."
        ),
    ] = False,
) -> None:
    """Answer a hook of Claude Code: an event on standard input, the answer on standard output.

    Takes BUDGETCTL_URL and BUDGETCTL_TOKEN, or what `budgetctl connect` wrote; BUDGETCTL_SD and
    BUDGETCTL_PHASE say what the run is for. Whatever fails, the run goes on,
    unless --fail-closed is given.
    """
    _answer()


def statusline(
    *,
    home: Home = "",
    wrap: Annotated[
        str, typer.Option(metavar="COMMAND", help="A status line to print above ours.")
    ] = "",
) -> None:
    """Print the status line of Claude Code: the zone, what is left, when it runs out, the plan.

    Claude Code's JSON on standard input is optional; the plan's readings in it go to the server.
    """
    _answer()


def _answer() -> None:
    from allocation.claude_code.client.run import main

    main(sys.argv[1:])
