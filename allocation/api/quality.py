"""Takes what agents report of reviews, test runs and security checks."""

from datetime import datetime

from allocation.api.checkpointing import moment, sd_of
from allocation.api.models import AgentToken
from allocation.api.refusals import Conflict
from allocation.api.schemas import QualityReported
from allocation.catalog.models import SubAgent, Tier
from allocation.policy.errors import RuleError
from allocation.policy.quality import EventKind
from allocation.reports.models import QualityEvent
from allocation.reports.operations import QualityFacts, log_quality_event
from allocation.usage.names import load_registry


def log(
    reported: QualityReported, *, token: AgentToken, key: str | None, now: datetime
) -> QualityEvent:
    """Log a quality event: the same key of a token logs once.

    Raises RuleError for counts that no such event has, and for names that nothing goes by; and
    Conflict for a key that was given with another event before.
    """
    if reported.kind is EventKind.SECURITY and "failed" not in reported.model_fields_set:
        raise RuleError("Say in failed how many issues the security check found, 0 if none.")
    facts = QualityFacts(
        kind=reported.kind,
        passed=reported.passed,
        failed=reported.failed,
        sd=sd_of(reported.sd) if reported.sd else None,
        sub_agent=_sub_agent(reported.sub_agent) if reported.sub_agent else None,
        phase=reported.phase or "",
        tier=_tier(reported.tier) if reported.tier else None,
        note=reported.note,
    )
    row = log_quality_event(
        event=facts,
        actor=token.actor,
        now=now,
        at=moment(reported.at),
        key=f"{token.prefix}:{key}" if key else None,
    )
    if not facts.are_of(row):
        raise Conflict("This key was used for another event: take a new key.")
    return row


def _sub_agent(name: str) -> SubAgent:
    code = load_registry().sub_agent(name, sidechain=True)
    found = SubAgent.objects.filter(code=code).first()
    if found is None:
        raise RuleError(f"No sub-agent is called “{name}”.")
    return found


def _tier(name: str) -> Tier:
    found = Tier.objects.filter(name=name.strip().lower()).first()
    if found is None:
        raise RuleError(f"There is no tier “{name}”.")
    return found
