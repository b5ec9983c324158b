"""The audit pages, the KPIs with their inputs, and the readiness of the data."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allocation.access import may_log, may_rule, require_chairman, require_log
from allocation.budgets.models import BudgetWeek
from allocation.catalog.models import SubAgent, Tier
from allocation.display import format as fmt
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.floors.operations import raise_floor
from allocation.policy.errors import RuleError
from allocation.reports.audit_page import audit_page
from allocation.reports.forms import QUALITY_FORMS, LessonForm, offered_sds
from allocation.reports.kpi_page import kpi_page, result_in_words
from allocation.reports.labels import week_called
from allocation.reports.models import EVENT_KINDS, QualityEvent
from allocation.reports.operations import delete_quality_event, log_quality_event, write_lesson
from allocation.reports.readiness import readiness_page
from allocation.reports.week_list import week_list


@require_safe
def list_weeks(request: HttpRequest) -> HttpResponse:
    """Every budget week, the running one first."""
    page = week_list(request.GET, now=timezone.now(), zone=timezone.get_current_timezone())
    context = {"page": page, "may_log": may_log(request.user)}
    return render(request, "reports/weeks.html", context)


@require_safe
def view_week(request: HttpRequest, label: str) -> HttpResponse:
    """The audit of one budget week."""
    return _show_week(request, _week(label))


@require_POST
def write_week_lesson(request: HttpRequest, label: str) -> HttpResponse:
    """Write or reword the lesson of a week."""
    actor = require_chairman(request.user, "write the lesson of a week")
    week = _week(label)
    form = LessonForm(request.POST, latest=None)
    if form.is_valid():
        text, seen = form.cleaned_data["text"], form.cleaned_data["seen"]
        try:
            write_lesson(week=week, text=text, actor=actor, now=timezone.now(), seen=seen)
        except RuleError as error:
            form.add_error("text", str(error))
        else:
            before = "" if seen is None else " What it said before is kept."
            messages.success(request, f"The lesson is saved.{before}")
            return redirect("reports:view-week", label)
    return _show_week(request, week, form)


@require_safe
def view_kpis(request: HttpRequest) -> HttpResponse:
    """Every KPI, and what the quality guard has to say."""
    context = {
        "page": kpi_page(timezone.now(), timezone.get_current_timezone()),
        "may_log": may_log(request.user),
        "may_rule": may_rule(request.user),
        "me": str(request.user),
    }
    return render(request, "reports/kpis.html", context)


@require_http_methods(GET_POST)
def log_event(request: HttpRequest, kind: str = "review") -> HttpResponse:
    """Log a review, a run of the end-to-end tests, or a security check."""
    actor = require_log(request.user)
    if kind not in QUALITY_FORMS:
        raise Http404(f"There is no kind of quality event called {kind}.")
    form = QUALITY_FORMS[kind](sent(request))
    if form.is_valid():
        now = timezone.now()
        try:
            event = log_quality_event(
                event=form.facts(), actor=actor, now=now, at=form.at_or(now), key=form.key()
            )
        except RuleError as error:
            form.add_error("at", str(error))
        else:
            what = f"{event.get_kind_display()}, {result_in_words(event)}"
            if form.facts().are_of(event):
                messages.success(request, f"Logged: {what}.")
            else:
                messages.warning(
                    request,
                    f"This form had logged {what} already, so what it says now was not stored. "
                    "Open a new form for another event, or delete that one to log it anew.",
                )
            return redirect("reports:view-kpis")
    context = {"form": form, "kind": kind, "kinds": EVENT_KINDS, "sds": offered_sds()}
    status = 422 if form.is_bound else 200
    return render(request, "reports/log_event.html", context, status=status)


@require_http_methods(GET_POST)
def delete_event(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a quality event: one's own, or as the Chairman any."""
    actor = require_log(request.user)
    event = get_object_or_404(QualityEvent.objects.select_related("sd"), pk=pk)
    if event.actor != actor and not may_rule(request.user):
        raise PermissionDenied(
            "You may take back only the quality events that you logged yourself."
        )
    form = ReasonForm(sent(request), "Say why: it stays in the audit trail.")

    def do(reason: str) -> str:
        delete_quality_event(event=event, actor=actor, now=timezone.now(), reason=reason)
        return "Deleted. The audit trail keeps what it said, and why it went."

    when = fmt.moment(event.at, timezone.get_current_timezone())
    for_sd = f" for {event.sd.code}" if event.sd else ""
    act = Act(
        heading="Delete quality event",
        lede=f"{capfirst(event.get_kind_display())} of {when}{for_sd}: {result_in_words(event)}. "
        f"Logged by {event.actor}. The KPIs will not count it any more; the audit trail keeps it.",
        button="Delete quality event",
        back_label="KPIs",
        back_url=reverse("reports:view-kpis"),
        danger=True,
    )
    return confirm(request, act, form, do)


@require_POST
def roll_back(request: HttpRequest) -> HttpResponse:
    """Raise the floor of a sub-agent in a phase, as the quality guard proposes."""
    actor = require_chairman(request.user, "raise a floor")
    sent = request.POST
    sub_agent = get_object_or_404(SubAgent, code=_text(sent.get("sub_agent")))
    tier = get_object_or_404(Tier, name=_text(sent.get("tier")))
    phase, reason = _text(sent.get("phase")), _text(sent.get("reason"))[:300]
    try:
        raise_floor(
            sub_agent=sub_agent,
            phase=phase,
            tier=tier,
            reason=reason,
            actor=actor,
            now=timezone.now(),
        )
    except RuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            f"{sub_agent} now runs on {tier} or better in {phase}. "
            "Change its floor in the admin to undo this.",
        )
    return redirect("reports:view-kpis")


@require_safe
def view_readiness(request: HttpRequest) -> HttpResponse:
    """How complete each kind of data is, and what to do about each gap."""
    context = {"page": readiness_page(timezone.now()), "may_log": may_log(request.user)}
    return render(request, "reports/readiness.html", context)


def _show_week(
    request: HttpRequest, week: BudgetWeek, form: LessonForm | None = None
) -> HttpResponse:
    page = audit_page(week, now=timezone.now(), zone=timezone.get_current_timezone())
    if form is not None and page.lesson is not None:
        # The wording that is shown beside what was typed is the one that a second try has seen.
        form.data = form.data.copy()  # type: ignore[attr-defined]  # a QueryDict, which has one
        form.data["seen"] = str(page.lesson.pk)  # type: ignore[index]
    context = {
        "page": page,
        "form": form or LessonForm(latest=page.lesson),
        "may_rule": may_rule(request.user),
    }
    return render(request, "reports/week.html", context, status=422 if form else 200)


def _week(label: str) -> BudgetWeek:
    week = week_called(label, timezone.get_current_timezone())
    if week is None:
        raise Http404(f"There is no budget week called {label}.")
    return week


def _text(value: object) -> str:
    return str(value or "").replace("\x00", "").strip()
