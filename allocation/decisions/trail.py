"""The audit trail of decisions: filters from the URL, and pages as fast at a million rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from allocation.budgets.models import BudgetWeek
from allocation.catalog.models import SubAgent
from allocation.decisions.models import Decision
from allocation.directives.models import StrategicDirective
from allocation.policy.errors import RuleError

PAGE = 50
MOST_WEEKS = 60
NO_ROW = 0
# What a line of a list shows: a quarter of a row, and of an SD and a tier the name alone.
LISTED = (
    "at",
    "actor",
    "sub_agent",
    "phase",
    "outcome",
    "override",
    "reason",
    "requested",
    "observed",
    "mismatch",
    "override_reason",
    "session_id",
    "sd__code",
    "recommended__name",
)

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])


@dataclass(frozen=True, slots=True)
class Filters:
    """Which decisions are wanted; an empty text wants all. `week` is the day a week began (UTC)."""

    week: str = ""
    sd: str = ""
    sub_agent: str = ""
    outcome: str = ""
    override: str = ""
    mismatch: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Filters":
        """The filters in a query string; what it does not name is not filtered."""
        return cls(**{name: query.get(name, "").strip() for name in cls.__slots__})

    def given(self) -> dict[str, str]:
        """The filters that filter, for the next URL."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value}

    def rows(self) -> QuerySet[Decision]:
        """The decisions that they leave, newest first. Raises RuleError for a week that is none."""
        # No join with overrides: from there PostgreSQL takes a way that reads all that were forced.
        rows = Decision.objects.select_related("sd", "recommended")
        if self.week:
            week = _week(self.week)
            rows = rows.filter(at__gte=week.start, at__lt=week.end)
        if self.sd:
            # By key: through the code both databases would join before they look at an index.
            sds = StrategicDirective.objects.filter(code=self.sd.upper())
            rows = rows.filter(sd=sds.values_list("pk", flat=True).first() or NO_ROW)
        if self.sub_agent:
            rows = rows.filter(sub_agent=_code(self.sub_agent))
        if self.outcome:
            rows = rows.filter(outcome=self.outcome)
        if self.override:
            rows = rows.filter(override__isnull=self.override == "no")
        if self.mismatch:
            rows = rows.filter(mismatch=self.mismatch)
        return rows.order_by("-at", "-id")


@dataclass(frozen=True, slots=True)
class TrailPage:
    """One page of the trail, and where the next ones are; an empty URL where there is none."""

    decisions: list[Decision]
    filters: Filters
    older_url: str
    newer_url: str


def trail_page(filters: Filters, *, before: str = "", after: str = "") -> TrailPage:
    """A page older than the cursor `before`, or newer than `after`, or the newest.

    A cursor is a place in the order and not a page number, so that a page costs the same at the
    millionth row. Raises RuleError for a cursor that is none.
    """
    rows = filters.rows().only(*LISTED)
    if after:
        at, pk = _place(after)
        newer = rows.filter(Q(at__gt=at) | Q(at=at, pk__gt=pk), at__gte=at).order_by("at", "pk")
        found = list(newer[: PAGE + 1])
        more_newer, more_older = len(found) > PAGE, True
        found = found[:PAGE][::-1]
    else:
        if before:
            rows = older_than(rows, *_place(before))
        found = list(rows[: PAGE + 1])
        more_newer, more_older = bool(before), len(found) > PAGE
        found = found[:PAGE]
    return TrailPage(
        decisions=found,
        filters=filters,
        older_url=_url(filters, before=_cursor(found[-1])) if found and more_older else "",
        newer_url=_url(filters, after=_cursor(found[0])) if found and more_newer else "",
    )


def week_options() -> list[tuple[str, str]]:
    """The last weeks to choose from: the value of the filter, and the day in words."""
    starts = BudgetWeek.objects.values_list("start", flat=True)[:MOST_WEEKS]
    return [(f"{start:%Y-%m-%d}", f"{start:%-d %b %Y}") for start in starts]


def older_than(rows: Rows, at: datetime, pk: int) -> Rows:
    """The rows that come after a place in the order, the newest first."""
    # The second condition follows from the first, and is the one that an index can be entered by.
    return rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)


def _code(name: str) -> str:
    """The code of a sub-agent however it is written; decisions name it as it is registered."""
    codes = SubAgent.objects.filter(code__iexact=name).values_list("code", flat=True)
    return codes.first() or name


def _week(text: str) -> BudgetWeek:
    try:
        day = datetime.fromisoformat(f"{text}T00:00+00:00")
    except ValueError:
        raise RuleError(f"“{text}” is not a day; write for example 2026-11-16.") from None
    that_day = (day, datetime.combine(day, time.max, UTC))
    week = BudgetWeek.objects.filter(start__range=that_day).first()
    if week is None:
        raise RuleError(f"No budget week began on {text}.")
    return week


def _cursor(decision: Decision) -> str:
    return f"{decision.at.isoformat()}_{decision.pk}"


def _place(cursor: str) -> tuple[datetime, int]:
    moment, _, pk = cursor.rpartition("_")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), int(pk)
    except (ValueError, OverflowError):
        raise RuleError("This page does not exist; begin again at the newest decisions.") from None


def _url(filters: Filters, **cursor: str) -> str:
    return "?" + urlencode(filters.given() | cursor)
