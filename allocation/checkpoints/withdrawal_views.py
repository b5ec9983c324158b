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
from allocation.checkpoints.withdrawal_words import (
    KEPT,
    SHEET_STAYS,
    named,
    undid,
    what_goes,
    what_goes_of,
    withdrew,
)
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.display.format import counted


@require_http_methods(GET_POST)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a checkpoint back that should not have been logged."""
    actor = require_log(request.user)
    checkpoint = Checkpoint.objects.select_related("sd").filter(pk=pk).first()
    if checkpoint is None:
        return withdrawn_before(request)

    def do(reason: str) -> str:
        withdraw_checkpoint(checkpoint=checkpoint, actor=actor, now=timezone.now(), reason=reason)
        return withdrew(checkpoint, timezone.now())

    act = Act(
        heading=f"Withdraw {named(checkpoint)}",
        lede=what_goes(checkpoint),
        button="Withdraw checkpoint",
        back_label=checkpoint.sd.code,
        back_url=reverse("checkpoints:view-sd", args=[checkpoint.sd.code]),
        danger=True,
        notes=[KEPT],
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
        return undid(undone, timezone.now())

    act = Act(
        heading="Undo import",
        lede=what_goes_of(entry, left),
        button=f"Withdraw {counted(left, 'checkpoint')}",
        back_label="Imported checkpoints",
        back_url=f"{reverse('checkpoints:list-checkpoints')}?import={entry.pk}",
        danger=True,
        notes=[SHEET_STAYS, KEPT],
    )
    return confirm(request, act, ReasonForm(sent(request)), do)
