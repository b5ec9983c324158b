"""What every page has around it: the menu, the light of the favicon, the banner while it is off."""

from functools import cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from allocation.access import may_rule
from allocation.usage.standing import Standing, standing_at

MENU = (
    ("Week", "dashboard:week"),
    ("SDs", "directives:list-sds"),
    ("Checkpoints", "checkpoints:list-checkpoints"),
    ("Usage", "usage:week"),
    ("Forecasts", "forecasts:view-forecasts"),
    ("Decisions", "decisions:list-decisions"),
    ("Audit", "reports:list-weeks"),
    ("KPIs", "reports:view-kpis"),
    ("Optimise", "optimizer:view-optimize"),
    ("Reminders", "reminders:list-reminders"),
    ("Connect", "claude_code:connect"),
    ("Budget rule", "budgets:change-rule"),
)


def frame(request: HttpRequest) -> dict[str, object]:
    """The frame of a page; nothing for somebody who is not signed in.

    The week is read only where a template asks for `zone` or `system_off`, and then once: a
    constant number of queries, none for the pages of the admin.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}

    @cache
    def standing() -> Standing:
        return standing_at(timezone.now())

    # Templates call what can be called, when they first print it.
    return {
        "nav": _menu(request),
        "zone": lambda: standing().zone.value.lower() if standing().enabled else "off",
        "system_off": lambda: not standing().enabled,
        "system_off_url": reverse("budgets:change-rule") if may_rule(user) else "",
    }


def _menu(request: HttpRequest) -> list[dict[str, object]]:
    items = [(label, reverse(name)) for label, name in MENU]
    if getattr(request.user, "is_staff", False):
        items.append(("Admin", reverse("admin:index")))
    # The week page's address begins every other one, so it counts only when it is all of it.
    begun = (url for _, url in items if request.path.startswith(url) and url != "/")
    here = max(begun, key=len, default=request.path)
    return [{"label": label, "url": url, "current": url == here} for label, url in items]
