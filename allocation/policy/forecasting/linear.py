"""The plain linear burn rate: the baseline (report, step 7)."""

from allocation.policy.burn_rate import TOO_EARLY_HOURS
from allocation.policy.forecasting.methods import Method, one_by_one
from allocation.policy.forecasting.views import View


def remaining(view: View) -> float | None:
    """used / hours x hours left; None in the first six hours and before anything is used."""
    if view.elapsed < TOO_EARLY_HOURS or view.used <= 0:
        return None
    return view.used / view.elapsed * max(0.0, view.length - view.elapsed)


LINEAR = Method("linear", "3", one_by_one(remaining), by_clock=True)
