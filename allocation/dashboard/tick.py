"""Scheduled work: what is due follows from the clock and the rows."""

from datetime import datetime

from allocation.budgets.operations import ensure_week
from allocation.checkpoints.operations import set_off_captured
from allocation.claude_code.operations import observe_from_usage
from allocation.decisions.counts import count_weeks
from allocation.decisions.deferrals import pause_exhausted, release_deferrals
from allocation.forecasts.estimates import score_estimates
from allocation.forecasts.operations import make_forecasts, score_closed_weeks
from allocation.reminders.means import means
from allocation.reminders.operations import refresh_reminders
from allocation.reminders.outbox import send_due
from allocation.reports.operations import close_weeks
from allocation.usage.operations import check_days


def tick(*, now: datetime) -> None:
    """Do what is due. Each part is idempotent and catches up: ticks may be missed or doubled."""
    ensure_week(now=now)
    check_days(now=now)  # before anything rests on the sums
    set_off_captured(now=now)
    release_deferrals(now=now)
    pause_exhausted(now=now)
    make_forecasts(now=now)
    score_closed_weeks(now=now)
    score_estimates(now=now)
    close_weeks(now=now)  # after the scores, which a snapshot shows
    count_weeks(now=now)
    observe_from_usage(now=now)
    refresh_reminders(now=now)
    send_due(now=now, means=means())  # last: it waits for others, for a bounded time
