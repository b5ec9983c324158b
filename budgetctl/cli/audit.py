"""`budgetctl audit`: the last SDs, and how well the rules fit."""

from typing import Annotated

import typer

from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json
from budgetctl.cli.printing import emit, show


def audit(
    count: Annotated[int, typer.Option("--last", min=1, max=1000, help="How many SDs.")] = 10,
    as_json: Json = False,
) -> None:
    """Show the last 10 SDs: tokens against estimate, model mix, rework, overrides."""
    open_database()
    from allocation.reports.sd_audit import last_sds
    from budgetctl.cli import audit_text, clock

    page = last_sds(count, now=clock.now())
    if as_json:
        emit(audit_text.as_json(page))
    else:
        show(audit_text.as_text(page))
