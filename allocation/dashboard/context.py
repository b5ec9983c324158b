"""What stands around every page: the menu, the zone in the favicon, the banner while off."""

from functools import cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from allocation.access import may_rule
from allocation.budgets.models import BudgetRule
from allocation.usage.standing import standing_at

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

# With it begin the pages that set things up; those before it are read and worked with.
FIRST_TO_SET_UP = "Connect"

# Pages whose address does not begin with that of the menu's page they belong to.
PARTS = {
    "steering:list-overrides": "decisions:list-decisions",
    "steering:list-deferrals": "decisions:list-decisions",
    "claude_code:list-mismatches": "decisions:list-decisions",
    "claude_code:calibrate": "budgets:change-rule",
    "tokens:list-tokens": "claude_code:connect",
    "reports:view-readiness": "reports:view-kpis",
}


def frame(request: HttpRequest) -> dict[str, object]:
    """The frame of a page; nothing for somebody who is not signed in.

    The rule and the week are read only where a template asks for `system_off` or `zone`, and then
    once: a constant number of queries, one for the pages of the admin, which show no zone.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}

    @cache
    def is_off() -> bool:
        return BudgetRule.objects.filter(enabled=False).exists()

    @cache
    def zone() -> str:
        return "off" if is_off() else standing_at(timezone.now()).zone.value.lower()

    # Templates call what can be called, when they first print it.
    return {
        "nav": _menu(request),
        "zone": zone,
        "system_off": is_off,
        "system_off_url": reverse("budgets:change-rule") if may_rule(user) else "",
    }


def _menu(request: HttpRequest) -> list[dict[str, str | bool]]:
    items = [(label, reverse(name)) for label, name in MENU]
    if getattr(request.user, "is_staff", False):
        items.append(("Admin", reverse("admin:index")))
    here = _part_of_menu(request.path, [url for _, url in items])
    return [
        {
            "label": label,
            "url": url,
            "current": _current(url, request.path, here),
            "apart": label == FIRST_TO_SET_UP,
        }
        for label, url in items
    ]


def _part_of_menu(path: str, urls: list[str]) -> str:
    """The page of the menu that `path` is, or belongs to; empty where it belongs to none."""
    homes = {url: url for url in urls}
    homes |= {reverse(part): reverse(page) for part, page in PARTS.items()}
    # The week page's address begins every other one, so it counts only when it is all of it.
    begun = (url for url in homes if path.startswith(url) and (url != "/" or path == "/"))
    return homes.get(max(begun, key=len, default=""), "")


def _current(url: str, path: str, here: str) -> str:
    """What `aria-current` says of an entry: the page itself, or that the page belongs to it."""
    if url != here:
        return ""
    return "page" if url == path else "true"
