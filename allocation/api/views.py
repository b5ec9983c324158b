"""The page on which the Chairman makes and revokes agent tokens."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allocation.access import require_chairman
from allocation.api import operations
from allocation.api.forms import TokenForm
from allocation.api.models import AgentToken
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.display.format import moment
from allocation.policy.errors import RuleError

_MAKE = "see and make agent tokens"


@require_safe
@never_cache
def list_tokens(request: HttpRequest) -> HttpResponse:
    """All tokens, and the form for another."""
    require_chairman(request.user, _MAKE)
    return _page(request, TokenForm())


@require_POST
@never_cache
def create_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it: this answer is the only one that ever has it."""
    actor, now = require_chairman(request.user, _MAKE), timezone.now()
    form, clear = TokenForm(request.POST), ""
    if form.is_valid():
        days = form.cleaned_data["days"]
        try:
            _, clear = operations.create_token(
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=now + timedelta(days=days) if days else None,
                actor=actor,
                now=now,
            )
        except RuleError as error:
            form.add_error(None, str(error))
    if not clear:
        return _page(request, form, status=422)
    return _page(request, TokenForm(), clear=clear, status=201)


@require_http_methods(GET_POST)
@never_cache
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token, which nobody can take back."""
    actor = require_chairman(request.user, _MAKE)
    token = get_object_or_404(AgentToken, pk=pk)

    def do(reason: str) -> str:
        now = timezone.now()
        if not operations.revoke_token(token=token, actor=actor, now=now, reason=reason):
            raise RuleError(f"The token {token} was revoked before.")
        return f"The token {token} is revoked."

    at, zone = token.last_used_at, timezone.get_current_timezone()
    used = f"It was last used on {moment(at, zone)}." if at else "Nobody has used it yet."
    act = Act(
        heading=f"Revoke the token {token.name}",
        lede="Whoever sends it is refused from then on, and needs another one. "
        f"{used} It cannot be taken back.",
        button="Revoke token",
        back_label="Agent tokens",
        back_url=reverse("tokens:list-tokens"),
        danger=True,
    )
    return confirm(request, act, ReasonForm(sent(request)), do)


def _page(
    request: HttpRequest, form: TokenForm, *, clear: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    rows = [(row, row.state(now)) for row in AgentToken.objects.all()]
    context = {"form": form, "rows": rows, "clear": clear}
    return render(request, "api/tokens.html", context, status=status)
