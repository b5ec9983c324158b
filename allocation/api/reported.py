"""Turns what an agent reports of its API requests into sights.

A sight is what one source saw of one request (allocation.usage.observation).
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from allocation.api.checkpointing import moment
from allocation.api.refusals import of_item
from allocation.api.schemas import MessagesUsage, RequestReported
from allocation.policy.errors import RuleError
from allocation.usage.observation import MOST_TOKENS, SKEW, Observation

# The rule of thumb for English text and code; what it gives is marked as an estimate.
CHARACTERS_PER_TOKEN = 4


def sights_of(
    reports: Sequence[RequestReported], *, sender: str, key: str | None, now: datetime
) -> list[Observation]:
    """The requests reported. `sender` sets apart the keys of different tokens; `key` is that of
    the whole message. Raises RuleError for a report that cannot be counted."""
    alone, sights = len(reports) == 1, []
    for n, report in enumerate(reports):
        with of_item(None if alone else n):
            own = key and (key if alone else f"{key}#{n}")
            sights.append(_sight(report, _message_id(report, sender, own), now))
    return sights


def _sight(report: RequestReported, message_id: str | None, now: datetime) -> Observation:
    at = _moment(report.at, now)
    usage = report.usage
    estimated = usage is None
    writes_5m, writes_1h = _cache_writes(usage) if usage else (0, 0)
    return Observation(
        message_id=message_id,
        request_id=report.request_id,
        source="api",
        at=at,
        counted_at=at,
        session_id=report.session,
        agent_id=report.agent,
        agent_type=report.sub_agent,
        sidechain=bool(report.sub_agent or report.agent),
        model=report.model,
        input=usage.input_tokens or 0 if usage else 0,
        output=usage.output_tokens or 0 if usage else 0,
        cache_write_5m=writes_5m,
        cache_write_1h=writes_1h,
        cache_read=usage.cache_read_input_tokens or 0 if usage else 0,
        unsplit=_estimate(report) if estimated else 0,
        phase=report.phase.value if report.phase else "",
        estimated=estimated,
    )


def _estimate(report: RequestReported) -> int:
    characters = report.characters if report.text is None else len(report.text)
    if characters is None:
        raise RuleError(
            "Give usage with its counts, or text or characters to estimate the tokens from."
        )
    return min(MOST_TOKENS, -(-characters // CHARACTERS_PER_TOKEN))


def _cache_writes(usage: MessagesUsage) -> tuple[int, int]:
    """Tokens written for 5 minutes and for 1 hour. Without a split they count as the former."""
    split = usage.cache_creation
    if split is not None:
        writes = (split.ephemeral_5m_input_tokens or 0, split.ephemeral_1h_input_tokens or 0)
        if any(writes):
            return writes
    return usage.cache_creation_input_tokens or 0, 0


def _message_id(report: RequestReported, sender: str, key: str | None) -> str | None:
    if report.message_id is not None:
        refuse_made_up(report.message_id, "otlp:", "checkpoint:", "line:", "api:")
        return report.message_id
    if report.request_id is not None:
        return None
    own = report.key or key
    # Without any name there is no telling two requests of the same size apart: both count.
    return f"api:{sender}:{own}" if own else f"api:{uuid.uuid4()}"


def refuse_made_up(message_id: str | None, *beginnings: str) -> None:
    """Raise RuleError for a message id that begins like the ids that are made up here.

    Those stand for requests that came without an id; nobody may write over what they counted.
    """
    if message_id is not None and message_id.startswith(beginnings):
        raise RuleError("This is no message id of the Messages API; send it as key instead.")


def _moment(at: datetime | None, now: datetime) -> datetime:
    seen = moment(at) or now
    if seen > now + SKEW:
        raise RuleError("A request cannot lie more than a day ahead: check the clock.")
    return seen
