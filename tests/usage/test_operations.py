"""Amounts logged by hand, and what follows a change of names, prices or roll-ups."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import Sum

from allocation.catalog.models import Price, SubAgent, SubAgentAlias
from allocation.policy.errors import RuleError
from allocation.policy.names import normal_name
from allocation.usage import ingest
from allocation.usage.models import RollUpCheck, UsageHour, UsageRecord
from allocation.usage.operations import (
    HandCount,
    check_days,
    check_roll_ups,
    count_by_hand,
    import_transcripts,
    reattribute,
    reprice_prompts,
)
from allocation.usage.tables import lock
from allocation.usage.transcripts import unread
from tests.factories import AuditEntryFactory, StrategicDirectiveFactory, UsageRecordFactory
from tests.usage.transcripts import append, by_sub_agent, name_agent, response, text, write

pytestmark = pytest.mark.django_db


def rolled_up() -> dict[str, int]:
    return dict(UsageHour.objects.values_list("tier").order_by("tier").annotate(Sum("unsplit")))


def test_an_amount_logged_by_hand_is_one_record_for_each_tier(now: datetime) -> None:
    sd = StrategicDirectiveFactory()
    tokens = {"haiku": 40, "opus": 60, "sonnet": 0}
    count_by_hand(
        [HandCount(key="checkpoint:1", tokens_by_tier=tokens, at=now, sd=sd, phase="PLAN")]
    )
    assert rolled_up() == {"haiku": 40, "opus": 60}
    record = UsageRecord.objects.get(tier="opus")
    assert (record.message_id, record.source) == ("checkpoint:1:opus", "manual")
    assert (record.sd, record.phase, record.sub_agent) == (sd, "PLAN", "")


def test_logged_again_it_takes_the_place_of_the_first(now: datetime) -> None:
    def log(key: str, at: datetime, tokens: dict[str, int]) -> None:
        count_by_hand([HandCount(key=key, tokens_by_tier=tokens, at=at, sd=None, phase="")])

    log("checkpoint:11", now, {"": 9})
    log("checkpoint:1", now, {"haiku": 40, "opus": 60})
    log("checkpoint:1", now, {"haiku": 40, "opus": 60})
    assert rolled_up() == {"": 9, "haiku": 40, "opus": 60}
    log("checkpoint:1", now + timedelta(hours=3), {"haiku": 50})
    assert rolled_up() == {"": 9, "haiku": 50}
    log("checkpoint:1", now, {})
    assert rolled_up() == {"": 9}


@pytest.mark.parametrize("tokens", [-1, 2**53])
def test_an_absurd_amount_is_refused(now: datetime, tokens: int) -> None:
    amount = HandCount(key="c", tokens_by_tier={"opus": tokens}, at=now, sd=None, phase="")
    with pytest.raises(RuleError, match=r"Tokens must be from 0 to"):
        count_by_hand([amount])


@pytest.fixture
def reviewed(tmp_path: Path, now: datetime) -> None:
    """Two hours of a sub-agent called security_reviewer, and one response of the main thread."""
    agent = write(
        tmp_path / "s" / "subagents" / "agent-a1.jsonl",
        response("msg_1", request_id=None, agent="a1", session="s"),
        response("msg_2", request_id=None, agent="a1", session="s", minute=90),
    )
    name_agent(agent, "security_reviewer")
    write(tmp_path / "s.jsonl", response("msg_3", request_id=None, session="s"))
    import_transcripts(paths=[tmp_path], now=now)


def test_records_follow_a_new_alias_and_its_end(reviewed: None) -> None:
    assert by_sub_agent() == {"": 7, "security_reviewer": 14}
    alias = SubAgentAlias.objects.create(
        sub_agent=SubAgent.objects.get(code="SECURITY"),
        name="Security Reviewer",
        normal_name=normal_name("Security Reviewer"),
    )
    assert reattribute() == 2
    assert by_sub_agent() == {"": 7, "SECURITY": 14}
    alias.delete()
    assert reattribute() == 2
    assert by_sub_agent() == {"": 7, "security_reviewer": 14}
    assert reattribute() == 0


def test_what_waited_for_its_turn_while_an_alias_was_made_goes_by_it(
    reviewed: None, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []

    def wait_for_the_chairman() -> None:
        lock()
        turns.append(1)
        if len(turns) == 2:
            security = SubAgent.objects.get(code="SECURITY")
            name = {"name": "Security Reviewer", "normal_name": normal_name("Security Reviewer")}
            SubAgentAlias.objects.create(sub_agent=security, **name)
            AuditEntryFactory()
            reattribute()

    agent = tmp_path / "s" / "subagents" / "agent-a1.jsonl"
    for message in ("msg_4", "msg_5"):
        append(agent, text(response(message, request_id=None, agent="a1", session="s")))
    monkeypatch.setattr(unread, "PIECE", 200)
    monkeypatch.setattr(ingest, "lock", wait_for_the_chairman)
    import_transcripts(paths=[tmp_path], now=now)
    assert len(turns) > 1
    assert by_sub_agent() == {"": 7, "SECURITY": 28}


def test_an_alias_never_hides_a_registered_code(reviewed: None) -> None:
    docmon = SubAgent.objects.get(code="DOCMON")
    SubAgentAlias.objects.create(sub_agent=docmon, name="security", normal_name="security")
    UsageRecordFactory(agent_type="Security", sidechain=True)
    reattribute()
    assert "DOCMON" not in by_sub_agent()


def test_records_follow_a_new_price_for_long_prompts(reviewed: None) -> None:
    model = UsageRecord.objects.values_list("model", flat=True)[0]
    ordinary = Price.objects.get(model__model_id=model)
    assert reprice_prompts(model_id=model) == 0
    long = Price.objects.create(
        model=ordinary.model,
        valid_from=ordinary.valid_from,
        prompt_over=134,
        input=9,
        output=9,
        cache_write_5m=9,
        cache_write_1h=9,
        cache_read=9,
    )
    assert reprice_prompts(model_id=model) == 3
    assert set(UsageHour.objects.values_list("long_prompt", flat=True)) == {True}
    Price.objects.filter(pk=long.pk).update(prompt_over=135)
    assert reprice_prompts(model_id=model) == 3
    assert set(UsageHour.objects.values_list("long_prompt", flat=True)) == {False}
    Price.objects.filter(pk=long.pk).update(prompt_over=100, valid_from=date(2030, 1, 1))
    assert reprice_prompts(model_id=model) == 0


def test_roll_ups_that_differ_from_their_records_are_found_and_mended(
    reviewed: None, now: datetime
) -> None:
    span = {"since": now - timedelta(days=1), "until": now + timedelta(days=1)}
    assert check_roll_ups(**span) == []
    right = list(UsageHour.objects.order_by("hour", "sub_agent").values_list("hour", "output"))
    first, second = sorted({hour for hour, _ in right})

    UsageHour.objects.filter(hour=first, sub_agent="").update(output=99)
    assert check_roll_ups(**span) == [first]
    twice = UsageHour.objects.get(hour=second)
    twice.pk = None
    twice.save()
    UsageHour.objects.filter(hour=first).delete()
    assert sorted(check_roll_ups(**span)) == [first, second]
    UsageHour.objects.create(hour=second, records=1, model="ghost", source="transcript", output=1)
    assert check_roll_ups(since=now - timedelta(days=9), until=second) == []
    assert check_roll_ups(**span) == [second]
    rebuilt = list(UsageHour.objects.order_by("hour", "sub_agent").values_list("hour", "output"))
    assert rebuilt == right


def test_the_days_that_are_over_are_checked_once_a_day(now: datetime) -> None:
    record = UsageRecordFactory(at=now - timedelta(days=3), output=5)
    assert check_days(now=now) == [record.hour]
    UsageHour.objects.update(output=99)
    assert check_days(now=now + timedelta(hours=1)) == []
    late = now + timedelta(days=9)  # nobody ticked in between
    assert check_days(now=late) == [record.hour]
    assert UsageHour.objects.get().output == 5
    assert [check.mended for check in RollUpCheck.objects.all()] == [1, 1]


def test_an_import_for_an_sd_reads_again_and_takes_what_has_none(
    tmp_path: Path, now: datetime
) -> None:
    first, second = StrategicDirectiveFactory.create_batch(2)
    write(tmp_path / "a.jsonl", response())
    import_transcripts(paths=[tmp_path], now=now)
    summary = import_transcripts(paths=[tmp_path], now=now, sd=first, phase="EXEC")
    assert summary.improved == 1
    assert import_transcripts(paths=[tmp_path], now=now, sd=second).unchanged == 1
    hour = UsageHour.objects.get()
    assert (hour.sd, hour.phase, hour.records) == (first, "EXEC", 1)


def test_progress_is_told_in_bytes(tmp_path: Path, now: datetime) -> None:
    size = write(tmp_path / "a.jsonl", response()).stat().st_size
    told: list[tuple[int, int]] = []
    import_transcripts(
        paths=[tmp_path], now=now, progress=lambda done, left: told.append((done, left))
    )
    assert told == [(0, size), (size, size)]
