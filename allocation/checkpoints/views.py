"""Logging and correcting checkpoints, their log, and the page of one SD."""

from uuid import UUID, uuid5

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allocation.access import may_log, may_rule, require_log
from allocation.audit.models import AuditEntry
from allocation.audit.shown import refuse
from allocation.checkpoints.defaults import open_sds
from allocation.checkpoints.forms import ApprovalForm, CheckpointForm, CorrectionForm
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.operations import Entry, correct_checkpoint, log_checkpoint
from allocation.checkpoints.page import key_in, log_page, logged_in_words, new_form, refilled_form
from allocation.checkpoints.sd_page import sd_page
from allocation.checkpoints.sheet_import import IMPORT
from allocation.directives.models import StrategicDirective
from allocation.display.confirm import GET_POST, sent
from allocation.policy.errors import RuleError
from allocation.policy.phases import CheckpointKind
from allocation.usage.standing import standing_at
from allocation.usage.words import week_in_words

# One start per SD: two clicks on the button are one submission.
STARTS = UUID("0f7c2a52-6c7e-5c52-9d9f-1f0a64b1f7d4")


@require_safe
def list_checkpoints(request: HttpRequest) -> HttpResponse:
    """The log of checkpoints; with `import` what one import logged."""
    asked = request.GET.get("import", "")
    entry = get_object_or_404(AuditEntry, action=IMPORT, pk=key_in(asked)) if asked else None
    context = {"page": log_page(request.GET, entry), "may_log": may_log(request.user)}
    return render(request, "checkpoints/list.html", context)


@require_safe
def view_sd(request: HttpRequest, code: str) -> HttpResponse:
    """One SD: what it burned, what was logged and decided, what it would still take."""
    sd = get_object_or_404(StrategicDirective, code=code)
    page = sd_page(sd, now=timezone.now())
    context = {
        "page": page,
        "sd": sd,
        "may_log": may_log(request.user),
        "may_rule": may_rule(request.user),
        "approval": ApprovalForm() if page.paused and may_rule(request.user) else None,
    }
    return render(request, "checkpoints/sd.html", context)


@require_POST
def start_sd(request: HttpRequest, code: str) -> HttpResponse:
    """Log that an SD has started and entered LEAD."""
    actor = require_log(request.user)
    sd = get_object_or_404(StrategicDirective, code=code)
    try:
        checkpoint = log_checkpoint(
            sd=sd,
            entry=Entry(kind=CheckpointKind.START),
            submission=uuid5(STARTS, str(sd.pk)),
            actor=actor,
            now=timezone.now(),
        )
    except RuleError as error:
        messages.error(request, str(error))
    else:
        _say_logged(request, checkpoint)
    return redirect("checkpoints:view-sd", sd.code)


@require_http_methods(GET_POST)
def log(request: HttpRequest) -> HttpResponse:
    """Log a checkpoint. With `refill` the form comes back with the defaults of what is chosen."""
    actor = require_log(request.user)
    if request.method != "POST":
        return _show(request, new_form(request.GET.dict(), now=timezone.now()))
    if "refill" in request.POST:
        return _show(request, refilled_form(request.POST, now=timezone.now()))
    logged = _logged_before(request.POST)
    if logged is not None:
        return _logged_twice(request, logged)
    form = CheckpointForm(request.POST, sds=open_sds())
    if form.is_valid():
        try:
            checkpoint = log_checkpoint(
                sd=form.cleaned_data["sd"],
                entry=form.entry(),
                submission=form.cleaned_data["submission"],
                actor=actor,
                now=timezone.now(),
            )
        except RuleError as error:
            form.add_error("kind", str(error))
        else:
            _say_logged(request, checkpoint)
            return redirect("checkpoints:view-sd", checkpoint.sd.code)
    return _show(request, form, status=422)


@require_http_methods(GET_POST)
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what a checkpoint said was burned."""
    actor = require_log(request.user)
    checkpoint = Checkpoint.objects.select_related("sd").filter(pk=pk).first()
    if checkpoint is None:
        return withdrawn_before(request)
    form = CorrectionForm(sent(request), checkpoint=checkpoint)
    if form.is_valid():
        given = form.amounts() | {"seen": form.cleaned_data["shown"]}
        try:
            correct_checkpoint(checkpoint=checkpoint, actor=actor, now=timezone.now(), **given)
        except RuleError as error:
            refuse(form, error, "tokens")
        else:
            what = f"Corrected {checkpoint.sd.code}, {checkpoint.get_kind_display()}."
            messages.success(request, f"{what} {week_in_words(standing_at(timezone.now()))}")
            return redirect("checkpoints:view-sd", checkpoint.sd.code)
    context = {"form": form, "checkpoint": checkpoint}
    status = 422 if form.is_bound else 200
    return render(request, "checkpoints/correct.html", context, status=status)


def withdrawn_before(request: HttpRequest) -> HttpResponse:
    """A form of a checkpoint that is gone: a second click, or another tab. Raises Http404 where
    nothing was sent."""
    if request.method != "POST":
        raise Http404("There is no such checkpoint.")
    messages.warning(request, "This checkpoint is withdrawn already: nothing more was changed.")
    return redirect("checkpoints:list-checkpoints")


def _show(request: HttpRequest, form: CheckpointForm, status: int = 200) -> HttpResponse:
    fragment = "#checkpoint-fields" if getattr(request, "htmx", False) else ""
    context = {"form": form}
    return render(request, f"checkpoints/new.html{fragment}", context, status=status)


def _logged_before(sent: QueryDict) -> Checkpoint | None:
    """The checkpoint that this very form has logged already."""
    try:
        submission = UUID(sent.get("submission", ""))
    except ValueError:
        return None
    return Checkpoint.objects.select_related("sd").filter(submission=submission).first()


def _logged_twice(request: HttpRequest, logged: Checkpoint) -> HttpResponse:
    """A second click lands where the first did; another entry in that form is told of it."""
    wanted = {"sd": str(logged.sd_id), "kind": logged.kind, "phase": logged.phase}
    same = all(request.POST.get(name) == value for name, value in wanted.items())
    if same and CheckpointForm(request.POST, sds=open_sds()).says(logged):
        _say_logged(request, logged)
    elif same:
        messages.warning(
            request,
            f"This form had logged {logged.sd.code}, {logged.get_kind_display()} already, so what "
            "it says now was not stored. Correct the checkpoint instead.",
        )
    else:
        messages.warning(
            request,
            f"This form had logged {logged.sd.code}, {logged.get_kind_display()} already, so "
            "nothing more was logged. Open a new form for another checkpoint.",
        )
    return redirect("checkpoints:view-sd", logged.sd.code)


def _say_logged(request: HttpRequest, checkpoint: Checkpoint) -> None:
    standing = standing_at(timezone.now())
    messages.success(request, f"{logged_in_words(checkpoint)} {week_in_words(standing)}")
