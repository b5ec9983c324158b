"""What the deferral queue prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allocation.decisions.models import DeferredRun
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.queue import deferred_sds, to_propose
from allocation.display.format import percent
from allocation.usage.standing import running_week

MOST_RUNS = 200


@dataclass(frozen=True, slots=True)
class DeferralsPage:
    """The queue, what is proposed for it, and what is paused until the Chairman approves."""

    sds: Sequence[StrategicDirective]
    runs: Sequence[DeferredRun]
    more_runs: bool
    paused: Sequence[StrategicDirective]
    proposed: Sequence[StrategicDirective]
    chance: str
    opens_at: datetime


def deferrals_page(now: datetime, chance: Decimal | None) -> DeferralsPage:
    """The page at `now`, with the chance that the week runs out. A constant number of queries."""
    runs = list(
        DeferredRun.objects.filter(released_at__isnull=True).select_related("decision", "sd")[
            : MOST_RUNS + 1
        ]
    )
    paused = StrategicDirective.objects.filter(status=Status.PAUSED)
    return DeferralsPage(
        sds=deferred_sds(),
        runs=runs[:MOST_RUNS],
        more_runs=len(runs) > MOST_RUNS,
        paused=list(paused.order_by("started_at", "id")),
        proposed=to_propose(chance),
        chance=percent(chance) if chance is not None else "",
        opens_at=running_week(now).window.end,
    )
