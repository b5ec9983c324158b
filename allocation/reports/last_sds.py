"""What the section of the last SDs prints, below the list of weekly audits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allocation.directives.models import Status
from allocation.display import format as fmt
from allocation.display.bands import judged
from allocation.policy.kpis import KPI_BY_KEY
from allocation.reports.sd_audit import Audit, last_sds
from allocation.reports.sd_words import SdRow, Verdict, rate_verdict, sd_row, verdict

LAST_SDS = 10


@dataclass(frozen=True, slots=True)
class LastSds:
    """The SDs that were completed or started last, the latest first, and the rates over them."""

    sds: Sequence[SdRow]
    verdicts: Sequence[Verdict]


def last_sds_page(now: datetime) -> LastSds:
    """The last ten. A constant number of queries."""
    audit = last_sds(LAST_SDS, now=now)
    return LastSds(
        sds=[
            sd_row(each.facts(completed=each.sd.status == Status.COMPLETED, total=each.tokens))
            for each in audit.sds
        ],
        verdicts=[
            rate_verdict("Override rate", audit.override_rate, "decisions overridden"),
            rate_verdict("Rework rate of SDs", audit.rework_rate, "SDs with rework"),
            _accuracy(audit),
        ],
    )


def _accuracy(audit: Audit) -> Verdict:
    """The median error of the forecasts of the last weeks, whichever SDs burned in them."""
    error = audit.record.error
    percent = None if error is None else Decimal(str(round(100 * error, 4)))
    kpi = KPI_BY_KEY["burn-rate-error"]
    reading = kpi.read(percent)
    if percent is None:
        return verdict("Forecast error", "–", reading, "")
    rests_on = f"median of {fmt.counted(len(audit.record.weeks), 'scored week')}"
    return verdict("Forecast error", f"±{judged(kpi, percent)}", reading, rests_on)
