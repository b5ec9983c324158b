"""Which command lives where, and how the command line ends: exit 0, 1 or 2."""

from collections.abc import Sequence
from importlib import import_module
from inspect import cleandoc
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from budgetctl.cli.database import THERE_TOO
from budgetctl.cli.examples import epilog
from budgetctl.cli.refusals import refuse, sentence

# In the order of `budgetctl --help`. Only the module of the command that runs is imported.
COMMANDS = {
    "start": "budgetctl.cli.start:start",
    "status": "budgetctl.cli.status:status",
    "next": "budgetctl.cli.status:next_sd",
    "check": "budgetctl.cli.status:check",
    "recommend": "budgetctl.cli.recommend:recommend",
    "log": "budgetctl.cli.log:log",
    "handoff": "budgetctl.cli.log:handoff",
    "checkpoints": "budgetctl.cli.checkpoints:checkpoints",
    "defer": "budgetctl.cli.directives:defer",
    "approve": "budgetctl.cli.directives:approve",
    "stop": "budgetctl.cli.directives:stop",
    "sd": "budgetctl.cli.directives:sd",
    "usage": "budgetctl.cli.usage:usage",
    "forecast": "budgetctl.cli.status:forecast",
    "backtest": "budgetctl.cli.backtest:backtest",
    "audit": "budgetctl.cli.audit:audit",
    "optimize": "budgetctl.cli.optimize:optimize",
    "calibrate": "budgetctl.cli.calibrate:calibrate",
    "set-limit": "budgetctl.cli.rule:set_limit",
    "reserve": "budgetctl.cli.rule:reserve",
    "override": "budgetctl.cli.override:override",
    "enable": "budgetctl.cli.rule:enable",
    "disable": "budgetctl.cli.rule:disable",
    "undo": "budgetctl.cli.rule:undo",
    "reminders": "budgetctl.cli.reminders:reminders",
    "token": "budgetctl.cli.token:token",
    "password": "budgetctl.cli.password:password",
    "worker": "budgetctl.cli.worker:worker",
    "tick": "budgetctl.cli.tick:tick",
    "database-role": "budgetctl.cli.database_role:database_role",
    "connect": "budgetctl.cli.connect:connect",
    "doctor": "budgetctl.cli.doctor:doctor",
    "sync-agents": "budgetctl.cli.sync_agents:sync_agents",
    "hook": "budgetctl.cli.hot:hook",
    "statusline": "budgetctl.cli.hot:statusline",
}


class Commands(TyperGroup):
    """The commands of COMMANDS, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            found = alone
        command = get_command(found)
        command.name = cmd_name  # a group does not know it, and --help prints it
        _explain(command, cmd_name)
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            # None for typer's own ways to end a command: wrong usage, --help, an explicit exit.
            said = sentence(error)
            if said is None:
                raise
            refuse(said)
            raise typer.Exit(1) from error


def _explain(command: Any, path: str) -> None:
    """Give a command, and those in it, their examples, and help that fits any terminal: the lines
    of a docstring are not those of the reader's."""
    if command.help:
        paragraphs = cleandoc(command.help).split("\n\n")
        command.help = "\n\n".join(" ".join(each.split()) for each in paragraphs)
    command.epilog = epilog(path)
    for name, inner in getattr(command, "commands", {}).items():
        _explain(inner, f"{path} {name}".strip())


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # slow to import

        typer.echo(f"budgetctl {version('budgetctl')}")
        raise typer.Exit


@app.callback(
    help="Mission control for the weekly Claude token budget.\n\n"
    "Exit codes: 0 fine, 1 refused (one line says why), 2 wrong usage.\n\n"
    "With BUDGETCTL_URL and BUDGETCTL_TOKEN, an agent token, these work on that server: "
    f"{THERE_TOO}.\n\n"
    "Changes stand in the audit trail under chairman, the owner's account; before it exists, under "
    "the user of the operating system."
)
def budgetctl(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """What stands before every command."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    root = get_command(app)
    _explain(root, "")
    try:
        root(args=list(arguments), prog_name="budgetctl")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
