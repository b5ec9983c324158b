"""What a checkpoint adds to usage and to its SD's token log. Part of `operations`' transactions."""

from collections import Counter
from typing import Any

from django.db.models import Sum

from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.policy.mix import split
from allocation.usage.models import UsageRecord
from allocation.usage.operations import HandCount, count_all_by_hand


def count_tokens(*counted: tuple[Checkpoint, int]) -> None:
    """Count by hand what was not captured of the tokens of checkpoints: (checkpoint, captured)."""
    count_all_by_hand([_by_hand(checkpoint, captured) for checkpoint, captured in counted])


def _by_hand(checkpoint: Checkpoint, captured: int) -> HandCount:
    tokens = max(0, (checkpoint.tokens or 0) - captured)
    return HandCount(
        key=_key(checkpoint),
        tokens_by_tier=split(tokens, checkpoint.mix) if tokens else {},
        at=checkpoint.at,
        sd=checkpoint.sd,
        phase=checkpoint.phase,
    )


def hand_counted(checkpoint: Checkpoint) -> int:
    """How many of a checkpoint's tokens are counted by hand."""
    rows = UsageRecord.objects.filter(message_id__startswith=f"{_key(checkpoint)}:")
    found: int | None = rows.aggregate(sum=Sum("unsplit"))["sum"]
    return found or 0


def update_token_log(checkpoint: Checkpoint) -> None:
    """The row of the checkpoint's SD and phase, summed again from all its checkpoints."""
    rows = list(Checkpoint.objects.filter(sd=checkpoint.sd, phase=checkpoint.phase))
    by_tier: Counter[str] = Counter()
    for row in rows:
        by_tier.update(split(row.tokens or 0, row.mix))
    lines = [row.lines_modified for row in rows if row.lines_modified is not None]
    values: dict[str, Any] = {
        "complexity": checkpoint.sd.complexity,
        "tokens_burned": sum(row.tokens or 0 for row in rows),
        "rework_cycles": sum(row.rework_cycles for row in rows),
        # Tokens by tier and not shares: shares of several checkpoints do not add up.
        "model_distribution": {tier: count for tier, count in by_tier.items() if tier and count},
        "lines_modified": sum(lines) if lines else None,
        "updated_at": max(row.at for row in rows),
    }
    SdTokenLog.objects.update_or_create(sd=checkpoint.sd, phase=checkpoint.phase, defaults=values)


def _key(checkpoint: Checkpoint) -> str:
    return f"checkpoint:{checkpoint.pk}"
