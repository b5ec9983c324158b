"""How a KPI's band is shown: by the shape of the zone that means as much; colour comes last."""

from allocation.policy.kpis import Band

SHAPES = {
    Band.ON_TARGET: "green",
    Band.WATCH: "yellow",
    Band.OFF_TARGET: "orange",
    Band.NO_DATA: "unknown",
}
