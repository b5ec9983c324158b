"""How a KPI's value and its band are shown.

A band has the shape of the zone that means the same (on target ● as Green), so that it can be told
without its colour.
"""

from decimal import Decimal
from fractions import Fraction

from allocation.display import format as fmt
from allocation.policy.kpis import Band, Kpi

SHAPES = {
    Band.ON_TARGET: "green",
    Band.WATCH: "yellow",
    Band.OFF_TARGET: "orange",
    Band.NO_DATA: "unknown",
}


def judged(kpi: Kpi, value: Decimal | None) -> str:
    """A value with its unit, never rounded across a bound of its KPI; a dash for None."""
    if value is None:
        return "–"
    plain = kpi.plain(value)
    whole = plain == plain.to_integral_value()
    if kpi.unit == "%":
        return fmt.percent(Fraction(value) / 100) if whole else f"{plain}%"
    if kpi.unit == "% change":
        return f"{plain:+}%".replace("-", "−") if plain else "0%"
    if kpi.unit == "hours":
        return f"{abs(plain)} h"
    return f"{plain:,}" + (" points" if kpi.unit == "points" else "")
