"""`budgetctl sync-agents`: the current tiers, written where no hook can set them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from budgetctl.cli import remote
from budgetctl.cli.database import open_database
from budgetctl.cli.refusals import Refused

if TYPE_CHECKING:
    from allocation.claude_code.front_matter import Tiers


def sync_agents(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A project, or a folder of definitions.")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change.")] = False,
) -> None:
    """Write the current tier of each sub-agent into its definition in DIR/.claude/agents.

    It becomes the second line of the front matter; everything else stays byte for byte. For what
    hooks cannot steer, such as workflows. A run that is to be deferred gets its floor. With
    BUDGETCTL_URL and BUDGETCTL_TOKEN the tiers are those of that server; the token needs the scope
    hooks.
    """
    if not folder.is_dir():
        raise Refused(f"There is no folder {folder}.")
    agents = folder / ".claude" / "agents"
    agents = agents if agents.is_dir() else folder
    from allocation.claude_code.front_matter import read_definition, tier_of

    known = _current_tiers()
    if known is None:
        raise Refused("budgetctl is off: the definitions stay as they are.")
    for path in sorted(agents.rglob("*.md")):
        raw = path.read_bytes()
        definition = read_definition(raw)
        if definition is None:
            typer.echo(f"skipped    {path.name}: no front matter with a name")
            continue
        tier = tier_of(definition.name, known)
        changed = definition.with_model(tier)
        if changed == raw:
            typer.echo(f"unchanged  {path.name}: {tier}")
            continue
        if not dry_run:
            _write(path, changed)
        typer.echo(f"{'would be' if dry_run else 'written':<9}  {path.name}: {tier}")


def _current_tiers() -> "Tiers | None":
    if hub := remote.hub():
        return hub.tiers()
    open_database()
    from allocation.claude_code.tiers import current_tiers
    from budgetctl.cli import clock

    return current_tiers(now=clock.now())


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, with the rights that the file has."""
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
