"""Every write of the reports: closing weeks, the lesson of a week, quality events."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from allocation.audit.operations import CLOCK, delete_audited, facts, record, subject_of
from allocation.budgets.models import BudgetRule, BudgetWeek
from allocation.catalog.models import SubAgent, Tier
from allocation.directives.models import StrategicDirective
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.plain import is_blank
from allocation.policy.quality import EventKind, check_event
from allocation.reports.collect import week_facts
from allocation.reports.facts import to_json
from allocation.reports.labels import open_labels
from allocation.reports.models import QualityEvent, WeekLesson, WeekSnapshot

LONGEST_LESSON = 4_000
LONGEST_NOTE = 2_000
# An event of another year is a slip of the key, and no figure of today looks at it.
OLDEST_EVENT = timedelta(days=366)


def close_weeks(*, now: datetime) -> int:
    """Freeze every week that is over as it stands now; returns how many were frozen.

    A week is closed once: what is counted, priced or corrected afterwards does not rewrite it.
    """
    over = BudgetWeek.objects.filter(end__lte=now, closed_at__isnull=True).order_by("start")
    return sum(_close(week, now) for week in over)


def _close(week: BudgetWeek, now: datetime) -> bool:
    found = week_facts(week, now=now)
    try:
        with transaction.atomic():
            mine = BudgetWeek.objects.filter(pk=week.pk, closed_at__isnull=True).update(
                closed_at=now,
                tokens_burned=found.used,
                budget_zone=found.zone,
                meter_name=found.meter,
            )
            if not mine:  # somebody else closed it in this very moment
                return False
            label = open_labels(BudgetRule.objects.get().zone_info)[week.pk]
            WeekSnapshot.objects.create(week=week, label=label, taken_at=now, facts=to_json(found))
            record(
                actor=CLOCK,
                action="week close",
                subject=str(week),
                after={"label": label, "tokens_burned": str(found.used), "zone": found.zone},
                now=now,
            )
    except IntegrityError:
        # Two budget weeks that start in one ISO week were closed by two rounds of scheduled work at
        # once, under the same name. The next round finds the name taken and chooses another.
        return False
    return True


def write_lesson(
    *, week: BudgetWeek, text: str, actor: str, now: datetime, seen: int | None
) -> WeekLesson:
    """Write or reword the lesson of a week: one audit entry; the wording before is kept.

    `seen` is the wording that the writer had before them, None for none. Raises RuleError if there
    is another by now, for an empty text, and for one that is too long.
    """
    words = text.strip()
    if is_blank(words):
        raise RuleError("Write the lesson: a few words will do.")
    if len(words) > LONGEST_LESSON:
        raise RuleError(f"A lesson has {LONGEST_LESSON:,} characters at most.")
    with transaction.atomic():
        BudgetWeek.objects.select_for_update().get(pk=week.pk)
        latest = WeekLesson.objects.filter(week=week).first()
        if latest is not None and latest.text == words:
            return latest
        if (latest.pk if latest else None) != seen:
            raise RuleError(
                f"{latest.author if latest else 'Somebody'} changed the lesson while you were "
                "writing. Read it below, and save yours again if it still holds."
            )
        lesson = WeekLesson.objects.create(week=week, text=words, author=actor, at=now)
        record(
            actor=actor,
            action="lesson change" if latest else "lesson creation",
            subject=subject_of(lesson),
            before={"text": latest.text} if latest else None,
            after={"text": words},
            now=now,
        )
    return lesson


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFacts:
    """What is reported of one review, test run or security check (policy.quality.check_event)."""

    kind: EventKind
    passed: int
    failed: int
    sd: StrategicDirective | None = None
    sub_agent: SubAgent | None = None
    phase: str = ""
    tier: Tier | None = None
    note: str = ""

    def are_of(self, event: QualityEvent) -> bool:
        """Whether an event was logged with these facts."""
        said = {name: getattr(self, name) for name in self.__slots__} | {"note": self.note.strip()}
        return all(getattr(event, name) == value for name, value in said.items())


def log_quality_event(
    *,
    event: QualityFacts,
    actor: str,
    now: datetime,
    at: datetime | None = None,
    key: str | None = None,
) -> QualityEvent:
    """Log a quality event: one row, one audit entry.

    `at` is when it happened, where it is not `now`. With a `key` that was logged before, the stored
    event comes back and nothing is written. Raises RuleError with one sentence.
    """
    happened = at or now
    _check(event, happened, now)
    try:
        with transaction.atomic():
            logged = QualityEvent.objects.filter(key=key).first() if key else None
            if logged is not None:
                return logged
            row = QualityEvent.objects.create(
                kind=event.kind.value,
                at=happened,
                passed=event.passed,
                failed=event.failed,
                sd=event.sd,
                sub_agent=event.sub_agent,
                phase=event.phase,
                tier=event.tier,
                note=event.note.strip(),
                actor=actor,
                key=key,
            )
            record(
                actor=actor,
                action="quality event log",
                subject=subject_of(row),
                after=facts(row),
                reason=row.note,
                now=now,
            )
    except IntegrityError:
        # The same key in the same moment; the unique constraint decides who was first.
        logged = QualityEvent.objects.filter(key=key).first() if key else None
        if logged is None:
            raise
        return logged
    return row


def delete_quality_event(*, event: QualityEvent, actor: str, now: datetime, reason: str) -> None:
    """Take back an event that was logged by mistake; its audit entry keeps what it said.

    Raises RuleError without a reason.
    """
    delete_audited(row=event, actor=actor, now=now, reason=reason)


def _check(event: QualityFacts, at: datetime, now: datetime) -> None:
    check_event(event.kind, passed=event.passed, failed=event.failed)
    if event.phase not in {"", *Phase}:
        raise RuleError(f"“{event.phase}” is not a phase; there are {', '.join(Phase)}.")
    if at > now:
        raise RuleError("A quality event cannot lie in the future.")
    if at < now - OLDEST_EVENT:
        raise RuleError("That is more than a year ago: check the date.")
    if len(event.note) > LONGEST_NOTE:
        raise RuleError(f"A note has {LONGEST_NOTE:,} characters at most.")
