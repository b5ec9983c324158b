"""Every way in which usage is written."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from django.db import transaction

from allocation.audit.newest import UntilEdited
from allocation.budgets.operations import ensure_weeks
from allocation.budgets.weeks import LONG_AGO
from allocation.catalog.models import Tier
from allocation.catalog.pricing import load_price_book
from allocation.collector import at_rest
from allocation.directives.models import StrategicDirective
from allocation.policy.errors import RuleError
from allocation.policy.weeks import hour_of
from allocation.usage import bookmarks
from allocation.usage.ingest import store
from allocation.usage.models import RollUpCheck, Source, UsageRecord
from allocation.usage.names import load_registry
from allocation.usage.observation import PROMPT, SKEW, Observation
from allocation.usage.roll_ups import differing_hours, roll_up
from allocation.usage.sights import Sights
from allocation.usage.stored import Stored
from allocation.usage.tables import among, lock
from allocation.usage.terms import Terms, load_terms
from allocation.usage.transcripts.attribution import AgentCall, AgentName
from allocation.usage.transcripts.discover import Found
from allocation.usage.transcripts.importing import (
    ImportSummary,
    Plan,
    Progress,
    carry_out,
    plan_import,
    reading,
)
from allocation.usage.transcripts.reader import Reading

logger = logging.getLogger(__name__)

# 2**53 - 1: above it JSON readers lose digits.
MOST_BY_HAND = 9_007_199_254_740_991


def import_transcripts(
    *,
    paths: Iterable[Path],
    now: datetime,
    sd: StrategicDirective | None = None,
    phase: str = "",
    progress: Progress | None = None,
) -> ImportSummary:
    """Read what is new in the transcripts at and below the paths, and store it.

    With an `sd` (and a `phase`) everything is read again and laid to it, except records that have
    an SD already. Raises RuleError, before anything is stored, if a path does not exist or is
    neither a folder nor a transcript.
    """
    plan = plan_import(paths, known=bookmarks.known, again=sd is not None)
    with reading(plan) as readings:
        return store_readings(plan, readings, now=now, sd=sd, phase=phase, progress=progress)


def store_readings(
    plan: Plan,
    readings: Iterable[Reading],
    *,
    now: datetime,
    sd: StrategicDirective | None = None,
    phase: str = "",
    progress: Progress | None = None,
) -> ImportSummary:
    """Store what is read of transcripts, laid to the `sd` where it has none yet.

    Each piece is stored in a transaction of its own, together with how far it was read and with
    the weeks that it is judged by, so that an import that is cut off goes on where it stopped.
    """
    terms = UntilEdited[Terms](timedelta(days=1))  # read again only where they are edited meanwhile

    def take(piece: Reading, files: dict[bytes, Found]) -> Stored:
        with at_rest(), transaction.atomic():
            stored = store_history(
                _laid_to(piece.requests, sd, phase),
                now=now,
                terms=lambda: terms.get(now, load_terms),
                names=piece.names,
                calls=piece.calls,
            )
            bookmarks.keep(piece.ends, files, now=now)
        return stored

    return carry_out(plan, readings, take=take, progress=progress)


def store_history(
    requests: Iterable[Observation],
    *,
    now: datetime,
    terms: Callable[[], Terms],
    names: Sequence[AgentName],
    calls: Sequence[AgentCall],
) -> Stored:
    """Store what transcripts say, and the weeks that it has none of: it would have no limit to be
    judged by. One transaction."""
    seen = _not_ahead(Sights.of(requests), now)
    # One that a wrong clock laid to 1970 makes none.
    earliest = min((at for at in seen.at if at >= LONG_AGO), default=None)
    with transaction.atomic():
        # Before usage takes its turn, as everywhere (directives.locks).
        made = ensure_weeks(since=earliest, now=now) if earliest else 0
        stored = store(seen, terms=terms, names=names, calls=calls)
    stored.weeks_made = made
    return stored


def _not_ahead(sights: Sights, now: datetime) -> Sights:
    """The sights of transcripts, with those counted now that are dated more than a day ahead."""
    latest = now + SKEW
    if max(sights.at, default=latest) <= latest:
        return sights
    return sights.having(
        at=[at if at <= latest else now for at in sights.at],
        counted_at=[
            counted_at if at <= latest else now
            for at, counted_at in zip(sights.at, sights.counted_at, strict=True)
        ],
    )


def _laid_to(sights: Sights, sd: StrategicDirective | None, phase: str) -> Sights:
    if sd is None and not phase:
        return sights
    return sights.having(sd_id=[sd and sd.pk] * len(sights), phase=[phase] * len(sights))


@dataclass(frozen=True, slots=True, kw_only=True)
class HandCount:
    """An amount that was logged by hand. `key` names it: `checkpoint:12`."""

    key: str
    tokens_by_tier: dict[str, int]
    at: datetime
    sd: StrategicDirective | None
    phase: str


def count_by_hand(amounts: Sequence[HandCount]) -> None:
    """Count amounts that were logged by hand, one record for each tier of a mix: all or none.

    Of a key that was counted before the new amount takes the place of the old one. Nobody knows the
    kinds of these tokens, so they are `unsplit`. Raises RuleError for tokens below 0 or above
    2**53 - 1.
    """
    every = [tokens for amount in amounts for tokens in amount.tokens_by_tier.values()]
    if not all(0 <= tokens <= MOST_BY_HAND for tokens in every):
        raise RuleError(f"Tokens must be from 0 to {MOST_BY_HAND:,}.")
    counted = {
        f"{amount.key}:{tier}": (amount, tier, tokens)
        for amount in amounts
        for tier, tokens in amount.tokens_by_tier.items()
        if tokens
    }
    tiers = ["", *Tier.objects.values_list("name", flat=True)]
    every_tier = {f"{amount.key}:{tier}" for amount in amounts for tier in tiers}
    with transaction.atomic():
        lock()
        before = UsageRecord.objects.filter(
            source=Source.MANUAL, message_id__in=among(every_tier | counted.keys())
        )
        hours = {hour_of(amount.at) for amount in amounts}
        hours.update(before.values_list("hour", flat=True).order_by())
        before.delete()
        UsageRecord.objects.bulk_create(
            UsageRecord(
                message_id=message_id,
                source=Source.MANUAL,
                at=amount.at,
                hour=hour_of(amount.at),
                sd=amount.sd,
                phase=amount.phase,
                tier=tier,
                unsplit=tokens,
            )
            for message_id, (amount, tier, tokens) in counted.items()
        )
        roll_up(hours)


def check_roll_ups(*, since: datetime, until: datetime) -> list[datetime]:
    """Compare roll-ups and records of the hours in [since, until); mend and return what differs."""
    with transaction.atomic():
        lock()
        differing = differing_hours(hour_of(since), until)
        if differing:
            roll_up(differing)
    return differing


def check_days(*, now: datetime) -> list[datetime]:
    """Check the roll-ups of the days that are over, once a day (UTC); the hours that were mended.

    Those since the last check and of the week before it: sights come late. The first check looks
    at a week. One query where today's is done.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    last = RollUpCheck.objects.first()
    if last is not None and last.day >= today.date():
        return []
    with transaction.atomic():
        lock()
        check, is_first = RollUpCheck.objects.get_or_create(day=today.date())
        if not is_first:
            return []
        begin = datetime.combine(last.day, time(), tzinfo=UTC) if last else today
        mended = check_roll_ups(since=begin - timedelta(days=7), until=today)
        check.mended = len(mended)
        check.save(update_fields=["mended"])
    if mended:
        logger.error("The roll-ups of %s hours differed from their records: mended.", len(mended))
    return mended


def reattribute() -> int:
    """Follow a change of sub-agents or aliases: the number of records that have another name now.

    Call it in the transaction of the change. It looks at every name, not at every record.
    """
    changed = 0
    with transaction.atomic():
        lock()
        registry = load_registry()
        hours: set[datetime] = set()
        every = UsageRecord.objects.all()
        names = every.values_list("agent_type", "sidechain", "sub_agent").distinct().order_by()
        for agent_type, sidechain, sub_agent in names:
            follows = registry.sub_agent(agent_type, sidechain=sidechain)
            if follows != sub_agent:
                records = every.filter(
                    agent_type=agent_type, sidechain=sidechain, sub_agent=sub_agent
                )
                hours.update(records.values_list("hour", flat=True).distinct().order_by())
                changed += records.update(sub_agent=follows)
        if hours:
            roll_up(hours)
    return changed


def reprice_prompts(*, model_id: str) -> int:
    """Follow a change of the prompt size above which a model costs more.

    Returns the number of records that count as long, or no longer do. Call it in the transaction
    of the change of prices.
    """
    columns = ("pk", "at", "hour", "long_prompt", *PROMPT)
    turned: dict[bool, list[int]] = {True: [], False: []}
    hours: set[datetime] = set()
    with transaction.atomic():
        lock()
        book = load_price_book()
        rows = UsageRecord.objects.filter(model=model_id).order_by().values_list(*columns)
        for pk, at, hour, was_long, *prompt in rows.iterator():
            is_long = book.is_long(model_id, at.date(), sum(prompt))
            if is_long != was_long:
                turned[is_long].append(pk)
                hours.add(hour)
        for is_long, pks in turned.items():
            UsageRecord.objects.filter(pk__in=among(pks)).update(long_prompt=is_long)
        if hours:
            roll_up(hours)
    return sum(map(len, turned.values()))
