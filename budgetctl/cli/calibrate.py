"""`budgetctl calibrate`: what the plan's week stands for, measured against its own meter."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocation.policy.calibration import Calibration, Estimate, Weight
from allocation.policy.errors import RuleError
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json, Reason
from budgetctl.cli.printing import Line, emit, row, show

if TYPE_CHECKING:
    from allocation.claude_code.calibration_page import Offer


def calibrate(
    apply: Annotated[
        bool, typer.Option("--apply", help="Take it as limit and meter; needs --reason.")
    ] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Estimate what 100% of the plan's week stands for, from its own meter's readings.

    The weights of the tiers and of cache reads come with it. --apply makes it
    the limit and the meter; undo takes that back.
    """
    open_database()
    from allocation.budgets.calibration import apply_calibration
    from allocation.claude_code.calibration_page import latest, offer_of
    from budgetctl.cli import clock, rows

    now = clock.now()
    found = latest(now)
    offer = offer_of(found)
    if apply:
        if offer is None:
            raise RuleError("Not enough readings: there is nothing to apply yet.")
        apply_calibration(
            limit=offer.limit, weights=offer.weights, actor=rows.actor(), now=now, reason=reason
        )
    if as_json:
        emit(_json(found, applied=apply))
    else:
        show(_text(found, offer, applied=apply))


def _text(found: Calibration, offer: "Offer | None", *, applied: bool) -> Iterator[Line]:
    from allocation.claude_code.calibration_page import interval
    from allocation.display import format as fmt

    if found.limit is None or offer is None:
        yield "Not enough readings to say what the plan's week stands for."
        for sentence in found.missing:
            yield f"  {sentence}"
        yield (
            "  A span lies between two readings of the plan's 7-day meter, with all usage between "
            "them counted. The status line brings them: budgetctl connect claude-code"
        )
        return
    yield row("LIMIT", f"~{fmt.tokens(offer.limit)} budget tokens are 100% of the plan's week")
    yield row("80% RANGE", interval(found.limit))
    yield row("RESTS ON", f"{found.clean} clean spans of {len(found.spans)}")
    for weight in (*found.weights, *([found.cache_read] if found.cache_read else [])):
        value = f"{weight.estimate.value.normalize():f}"
        rests = f"80% range {interval(weight.estimate)}" if weight.estimate.measured else weight.why
        yield row(weight.tier.upper(), f"× {value}", f"  {rests}" if rests else "")
    if applied:
        yield "Applied as limit and meter. Take it back with: budgetctl undo"
    else:
        yield 'Apply it with: budgetctl calibrate --apply --reason "…"'


def _json(found: Calibration, *, applied: bool) -> dict[str, Any]:
    """Weights are decimal strings; `interval_80` is null where something is not measured."""
    return {
        "limit": None if found.limit is None else int(found.limit.value),
        "interval_80": _interval(found.limit, int) if found.limit else None,
        "clean_spans": found.clean,
        "spans": len(found.spans),
        "weights": {weight.tier: _weight(weight) for weight in found.weights},
        "cache_read": _weight(found.cache_read) if found.cache_read else None,
        "missing": list(found.missing),
        "applied": applied,
    }


def _weight(weight: Weight) -> dict[str, Any]:
    return {
        "weight": f"{weight.estimate.value:f}",
        "interval_80": _interval(weight.estimate, "{:f}".format),
        "why": weight.why or None,
    }


def _interval(estimate: Estimate, write: Any) -> list[Any] | None:
    ends: tuple[Decimal | None, ...] = (estimate.low, estimate.high)
    return None if None in ends else [write(end) for end in ends]
