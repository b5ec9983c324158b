"""What is asked before something logged is taken back, and what is said after."""

from datetime import datetime

from allocation.audit.models import AuditEntry
from allocation.checkpoints.models import Checkpoint
from allocation.display.format import counted, tokens
from allocation.usage.standing import standing_at
from allocation.usage.words import week_in_words

KEPT = "The audit trail keeps what it said. What transcripts and telemetry counted stays counted."
SHEET_STAYS = "The sheet can be imported again."


def named(checkpoint: Checkpoint) -> str:
    """A checkpoint in a sentence: LEAD to PLAN of SD-A-1."""
    return f"{checkpoint.get_kind_display()} of {checkpoint.sd.code}"


def what_goes(checkpoint: Checkpoint) -> str:
    """What withdrawing a checkpoint would do."""
    burned = f" and its {tokens(checkpoint.tokens)} tokens" if checkpoint.tokens else ""
    return (
        f"As if it{burned} had never been logged. If it is the SD’s last checkpoint, the SD goes "
        "back to where the one before had left it."
    )


def withdrew(checkpoint: Checkpoint, now: datetime) -> str:
    """That a checkpoint was withdrawn, and where the week stands by now."""
    return f"Withdrew {named(checkpoint)}. {week_in_words(standing_at(now))}"


def what_goes_of(entry: AuditEntry, left: int) -> str:
    """What undoing an import would do, of which so many checkpoints are left."""
    return (
        f"It logged {entry.subject}. The {counted(left, 'checkpoint')} left of it will be "
        "withdrawn, and the SDs that it made deleted where nothing else is known of them."
    )


def undid(count: int, now: datetime) -> str:
    """That an import was undone, and where the week stands by now."""
    done = f"Undid the import: withdrew {counted(count, 'checkpoint')}."
    return f"{done} {week_in_words(standing_at(now))}"
