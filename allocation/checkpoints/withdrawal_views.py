"""Taking back a checkpoint, or an imported sheet: asked first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from allocation.access import require_log
from allocation.audit.models import AuditEntry
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.sheet_import import IMPORT, logged_by
from allocation.checkpoints.views import withdrawn_before
from allocation.checkpoints.withdrawal import undo_import, withdraw_checkpoint
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.display.format import counted, tokens
from allocation.usage.standing import standing_at
from allocation.usage.words import week_in_words

_KEPT = "The audit trail keeps what it said. What transcripts and telemetry counted stays counted."


@require_http_methods(GET_POST)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a checkpoint back that should not have been logged."""
    actor = require_log(request.user)
    checkpoint = Checkpoint.objects.select_related("sd").filter(pk=pk).first()
    if checkpoint is None:
        return withdrawn_before(request)
    what = f"{checkpoint.get_kind_display()} of {checkpoint.sd.code}"

    def do(reason: str) -> str:
        withdraw_checkpoint(checkpoint=checkpoint, actor=actor, now=timezone.now(), reason=reason)
        return f"Withdrew {what}. {week_in_words(standing_at(timezone.now()))}"

    burned = f" and its {tokens(checkpoint.tokens)} tokens" if checkpoint.tokens else ""
    act = Act(
        heading=f"Withdraw {what}",
        lede=f"As if it{burned} had never been logged. If it is the SD’s last checkpoint, the SD "
        "goes back to where the one before had left it.",
        button="Withdraw checkpoint",
        back_label=checkpoint.sd.code,
        back_url=reverse("checkpoints:view-sd", args=[checkpoint.sd.code]),
        danger=True,
        notes=[_KEPT],
    )
    form = ReasonForm(sent(request), "Say why: a withdrawal needs a reason.")
    return confirm(request, act, form, do)


@require_http_methods(GET_POST)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back all that an import logged."""
    actor = require_log(request.user)
    entry = get_object_or_404(AuditEntry, action=IMPORT, pk=pk)
    left = logged_by(entry).count()

    def do(reason: str) -> str:
        undone = undo_import(entry=entry, actor=actor, now=timezone.now(), reason=reason)
        done = f"Undid the import: withdrew {counted(undone, 'checkpoint')}."
        return f"{done} {week_in_words(standing_at(timezone.now()))}"

    act = Act(
        heading="Undo import",
        lede=f"It logged {entry.subject}. The {counted(left, 'checkpoint')} left of it will be "
        "withdrawn, and the SDs that it made deleted where nothing else is known of them.",
        button=f"Withdraw {counted(left, 'checkpoint')}",
        back_label="Imported checkpoints",
        back_url=f"{reverse('checkpoints:list-checkpoints')}?import={entry.pk}",
        danger=True,
        notes=["The sheet can be imported again.", _KEPT],
    )
    return confirm(request, act, ReasonForm(sent(request)), do)
