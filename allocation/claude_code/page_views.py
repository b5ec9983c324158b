"""The pages about Claude Code."""

import sys
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from allocation.claude_code.connect_page import connect_page
from allocation.claude_code.mismatch_page import mismatch_page
from allocation.policy.errors import RuleError


@require_safe
def connect(request: HttpRequest) -> HttpResponse:
    """How to connect, and what is heard: sessions, the plan, names that nobody registered."""
    address = request.build_absolute_uri("/").rstrip("/")
    page = connect_page(address=address, now=timezone.now())
    return render(request, "claude_code/connect.html", {"page": page, "program": _program()})


def _program() -> str:
    """What to type for `budgetctl` on the server's own machine: it is seldom on the path there."""
    beside = Path(sys.executable).with_name("budgetctl")
    return str(beside) if beside.exists() else "budgetctl"


@require_safe
def list_mismatches(request: HttpRequest) -> HttpResponse:
    """Runs that used another model than the one decided, with the likely cause."""
    now, sentence = timezone.now(), ""
    try:
        page = mismatch_page(
            before=request.GET.get("before", ""), after=request.GET.get("after", ""), now=now
        )
    except RuleError as error:
        page, sentence = mismatch_page(now=now), str(error)
    context = {"page": page, "sentence": sentence}
    status = 422 if sentence else 200
    return render(request, "claude_code/mismatches.html", context, status=status)
