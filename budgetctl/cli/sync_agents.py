"""`budgetctl sync-agents`: the current tiers, written where no hook can set them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocation.policy.plain import safe
from budgetctl.cli import remote
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json
from budgetctl.cli.printing import emit
from budgetctl.cli.refusals import Refused

if TYPE_CHECKING:
    from allocation.claude_code.front_matter import Tiers


def sync_agents(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A project, or its folder agents itself.")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Write the current tier of each sub-agent into its definition in DIR/.claude/agents.

    It becomes the second line of the front matter; everything else stays byte for byte. For what
    hooks cannot steer, such as workflows. A run that is to be deferred gets its floor. With
    BUDGETCTL_URL and BUDGETCTL_TOKEN the tiers are those of that server; the token needs the scope
    hooks.

    With --json: {"definitions": [{"file", "name", "tier", "done"}]}; done is written, would be,
    unchanged or skipped.
    """
    agents = _definitions(folder)
    known = _current_tiers()
    if known is None:
        raise Refused("budgetctl is off: the definitions stay as they are.")
    done, failed = [], []
    for path in sorted(agents.rglob("*.md")):
        why_not = _why_not(path, agents)
        try:
            done.append(_skipped(path) if why_not else _sync(path, known, dry_run=dry_run))
        except OSError as error:
            why_not = error.strerror or str(error)
            failed.append(f"{path}: {why_not}.")
            done.append(_skipped(path))
        if not as_json:
            file, _, tier, what = done[-1].values()
            said = tier or why_not or "no front matter with a name"
            typer.echo(f"{what:<9}  {safe(str(file))}: {said}")
    if as_json:
        emit({"definitions": done})
    elif not done:
        typer.echo(f"There are no definitions in {agents}.")
    if failed:
        raise Refused(f"{' '.join(failed)} All others are done.")


def _definitions(folder: Path) -> Path:
    """The folder of definitions. None but one that is called agents: other files, such as skills,
    have a name in their front matter too, and are not ours to change."""
    if not folder.is_dir():
        raise Refused(f"There is no folder {folder}.")
    agents = folder / ".claude" / "agents"
    if agents.is_dir():
        return agents
    if folder.resolve().name != "agents":
        raise Refused(
            f"{folder} has no folder .claude/agents. Name a project, or its folder agents itself."
        )
    return folder


def _why_not(path: Path, agents: Path) -> str:
    """Why a file of the folder is not looked at, "" where it is. A definition often comes with a
    repository of somebody else: a link in it must not lead to other files, nor a pipe hold us up.
    """
    try:
        leads_out = not path.resolve().is_relative_to(agents.resolve())
    except RuntimeError:  # what Python before 3.13 says of links that lead in a circle
        return "no file"
    if leads_out:
        return f"a link out of {agents.name}; name the folder that it leads to"
    return "" if path.is_file() else "no file"


def _skipped(path: Path) -> dict[str, str | None]:
    return {"file": path.name, "name": None, "tier": None, "done": "skipped"}


def _sync(path: Path, known: "Tiers", *, dry_run: bool) -> dict[str, str | None]:
    """One file: what it is, and what was done with it."""
    from allocation.claude_code.front_matter import read_definition, tier_of

    raw = path.read_bytes()
    definition = read_definition(raw)
    if definition is None:
        return _skipped(path)
    tier = tier_of(definition.name, known)
    changed = definition.with_model(tier)
    done = "unchanged" if changed == raw else "would be" if dry_run else "written"
    if done == "written":
        _write(path, changed)
    return {"file": path.name, "name": definition.name, "tier": tier, "done": done}


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
        draft.unlink(missing_ok=True)
        with draft.open("xb") as file:  # never through a link that lies there
            file.write(content)
        draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
