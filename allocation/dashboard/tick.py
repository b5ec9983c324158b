"""Scheduled work, one round of it: what is due follows from the clock and from what is stored."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError

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

logger = logging.getLogger(__name__)


def _send(*, now: datetime) -> None:
    send_due(now=now, means=means())


# A line is done in its order, and ends where one of it fails. Lines do not depend on each other.
PARTS: tuple[tuple[Callable[..., object], ...], ...] = (
    (release_deferrals, pause_exhausted),
    (make_forecasts,),
    (score_closed_weeks, score_estimates, close_weeks),  # a snapshot shows the scores
    (count_weeks,),
    (observe_from_usage,),
    (refresh_reminders,),
    (_send,),  # last: it waits for others, for a bounded time
)


def tick(*, now: datetime) -> None:
    """Do what is due. Rounds may be missed or doubled: each part catches up and does nothing twice.

    Everything depends on the week and its sums, so a failure there ends the round. After that, a
    part that fails holds up only what depends on it; but a database that is away or locked ends the
    round. That, or else the first failure, is raised at the end, and any other is logged.
    """
    ensure_week(now=now)
    # Before anything rests on the sums: what a closed week keeps of them stays as it is.
    check_days(now=now)
    set_off_captured(now=now)
    failures: list[Exception] = []
    for part in PARTS:
        try:
            for work in part:
                work(now=now)
        except (InterfaceError, OperationalError) as error:
            failures.insert(0, error)
            break
        except Exception as error:  # whatever it is, the other parts are due
            failures.append(error)
    for failure in failures[1:]:
        logger.error("Scheduled work failed: %s: %s", type(failure).__name__, failure)
    if failures:
        raise failures[0]
