"""The pages of reminders: what is due, what was, and how they are sent."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allocation.access import may_log, may_rule, require_chairman, require_log
from allocation.display.confirm import GET_POST
from allocation.policy.errors import RuleError
from allocation.reminders import operations, outbox
from allocation.reminders.forms import SettingsForm
from allocation.reminders.means import means
from allocation.reminders.models import Delivery, Reminder, ReminderSettings, State
from allocation.reminders.page import reminder_page, settings_page

# A write that takes a reminder off the week page, or puts it back: whether it did.
Move = Callable[..., bool]
SET = "change how reminders are sent"


@require_safe
def list_reminders(request: HttpRequest) -> HttpResponse:
    """Open and past reminders, and what became of their messages."""
    context = {
        "page": reminder_page(request.GET),
        "may_log": may_log(request.user),
        "may_rule": may_rule(request.user),
    }
    return render(request, "reminders/list.html", context)


@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a reminder off the week page."""
    return _move(request, pk, operations.dismiss_reminder, "Dismissed")


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a dismissed reminder back on the week page."""
    return _move(request, pk, operations.restore_reminder, "Shown again")


@require_POST
def send_again(request: HttpRequest, pk: str) -> HttpResponse:
    """Queue a message that failed, or that may not have arrived, once more."""
    actor = require_chairman(request.user, "send messages again")
    delivery = get_object_or_404(Delivery.objects.select_related("reminder"), pk=pk)
    if outbox.send_again(delivery=delivery, actor=actor, now=timezone.now()):
        messages.success(request, "It is sent again within a minute or so.")
    else:
        messages.warning(request, "There is nothing to send again: look at how it stands now.")
    return redirect("reminders:list-reminders")


@require_http_methods(GET_POST)
@never_cache
def change_settings(request: HttpRequest) -> HttpResponse:
    """How reminders are sent. A new signing secret is shown in the answer, and nowhere else."""
    actor = require_chairman(request.user, SET)
    if request.method != "POST":
        return _show(request)
    row = ReminderSettings.objects.get()
    form = SettingsForm(request.POST, row=row, means=means())
    if form.is_valid():
        wanted, seen = form.wanted(), form.cleaned_data["seen"]
        now = timezone.now()
        try:
            _, clear = operations.change_settings(
                wanted=wanted, seen=seen, actor=actor, now=now, means=means()
            )
        except RuleError as error:
            form.see(ReminderSettings.objects.get())
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved how reminders are sent.")
            if clear:
                return _show(request, clear=clear, status=201)
            return redirect("reminders:change-settings")
    return _show(request, form, status=422)


@require_POST
@never_cache
def renew_secret(request: HttpRequest) -> HttpResponse:
    """Make another signing secret and show it: this answer is the only one that ever has it."""
    actor = require_chairman(request.user, SET)
    clear = operations.renew_secret(actor=actor, now=timezone.now())
    return _show(request, clear=clear, status=201)


@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    """Send a test over each channel that is on, and say what came of it."""
    actor = require_chairman(request.user, SET)
    try:
        tests = outbox.send_test(actor=actor, now=timezone.now(), means=means())
    except RuleError as error:
        messages.error(request, str(error))
        return redirect("reminders:change-settings")
    for test in tests:
        arrived = test.state == State.SENT
        say = messages.success if arrived else messages.error
        say(request, f"Test by {test.get_channel_display()}: {test.said}")
    return redirect("reminders:change-settings")


def _move(request: HttpRequest, pk: int, operation: Move, done: str) -> HttpResponse:
    actor = require_log(request.user)
    reminder = get_object_or_404(Reminder, pk=pk)
    if operation(reminder=reminder, actor=actor, now=timezone.now()):
        messages.success(request, f"{done}: {reminder}.")
    else:
        messages.warning(request, f"{done} or resolved already: {reminder}.")
    return redirect("dashboard:week" if "week" in request.POST else "reminders:list-reminders")


def _show(
    request: HttpRequest, form: SettingsForm | None = None, *, clear: str = "", status: int = 200
) -> HttpResponse:
    row, can = ReminderSettings.objects.get(), means()
    own_url = request.build_absolute_uri("/").rstrip("/")
    context = {
        "form": form or SettingsForm(row=row, means=can, own_url=own_url),
        "page": settings_page(row, mail=can.mail),
        "clear": clear,
    }
    return render(request, "reminders/settings.html", context, status=status)
