"""The burn rate by the shape of the week: a quiet weekend ahead does not count as a busy one."""

from allocation.policy.burn_rate import TOO_EARLY_HOURS
from allocation.policy.forecasting.methods import Method, one_by_one
from allocation.policy.forecasting.views import View


def remaining(view: View) -> float | None:
    """used / share of a week behind x share ahead; None when linear has nothing to say either."""
    if view.elapsed < TOO_EARLY_HOURS or view.used <= 0:
        return None
    return view.used / view.share * view.rest


PROFILE = Method("profile", "4", one_by_one(remaining))
