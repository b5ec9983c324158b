"""`budgetctl sync-agents`: the current tiers, written where no hook can set them."""

import os
from pathlib import Path
from typing import Annotated

import typer

from budgetctl.cli.database import open_database
from budgetctl.cli.refusals import Refused


def sync_agents(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A project, or a folder of definitions.")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change.")] = False,
) -> None:
    """Write the current tier of each sub-agent into its definition in DIR/.claude/agents.

    It becomes the second line of the front matter; everything else stays byte for byte. For what
    hooks cannot steer, such as workflows. A run that is to be deferred gets its floor.
    """
    if not folder.is_dir():
        raise Refused(f"There is no folder {folder}.")
    agents = folder / ".claude" / "agents"
    agents = agents if agents.is_dir() else folder
    open_database()
    from allocation.claude_code.front_matter import read_definition
    from allocation.claude_code.tiers import current_tiers
    from budgetctl.cli import clock

    tier_of = current_tiers(now=clock.now())
    if tier_of is None:
        raise Refused("budgetctl is off: the definitions stay as they are.")
    for path in sorted(agents.rglob("*.md")):
        raw = path.read_bytes()
        definition = read_definition(raw)
        if definition is None:
            typer.echo(f"skipped    {path.name}: no front matter with a name")
            continue
        tier = tier_of(definition.name)
        changed = definition.with_model(tier)
        if changed == raw:
            typer.echo(f"unchanged  {path.name}: {tier}")
            continue
        if not dry_run:
            _write(path, changed)
        typer.echo(f"{'would be' if dry_run else 'written':<9}  {path.name}: {tier}")


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
