"""The tables of a backtest."""

from collections.abc import Iterator, Mapping
from typing import Any

from allocation.policy.forecasting import CHOOSER
from budgetctl.cli.printing import Line, heading

_COLUMNS = (" median", "mean", "WAPE", "bias", "in50", "in80", "width", "zone", "hours", "ratio")
_HEAD = f"{'':<14}{'n':>5}" + "".join(f"{name:>6}" for name in _COLUMNS)


def lines(found: Mapping[str, Any]) -> Iterator[Line]:
    """One table over all origins, then one for each method by hours into the week."""
    methods = found["methods"]
    if not methods:
        yield "Nothing could be tested: at least four whole budget weeks with use are needed."
        return
    yield heading("ALL ORIGINS")
    yield _HEAD
    for name, figures in methods.items():
        yield _line(name, figures["overall"])
    for name, figures in methods.items():
        yield ""
        yield heading(f"{name.upper()} BY HOURS INTO THE WEEK")
        yield _HEAD
        for origin, row in figures["by_origin"].items():
            yield _line(f"{origin:>4} h", row)
    yield ""
    yield "Errors, bias and width (of the 80% interval) are shares of the week's total."
    yield "hours: error of the exhaustion time. ratio: median error to that of linear."
    if CHOOSER in methods:
        yield f"{CHOOSER} is the default: for each week the method that would have spoken."


def _line(name: str, row: Mapping[str, Any]) -> str:
    shares = ("mdape", "mape", "wape", "bias", "coverage50", "coverage80", "width80")
    cells = [_percent(row[key]) for key in (*shares, "zone_accuracy")]
    hours = "–" if row["exhaustion_mae_h"] is None else f"{row['exhaustion_mae_h']:.1f}"
    ratio = "–" if row["mdape_to_linear"] is None else f"{row['mdape_to_linear']:.2f}"
    return f"{name:<14}{row['n']:>5} " + "".join(f"{cell:>6}" for cell in (*cells, hours, ratio))


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.0f}%"
