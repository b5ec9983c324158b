"""Who may do what in the web: one row for each address and method, and none may be missing.

The key is the address as the resolver has it. GET and POST name the people who get through; None
says that the address does not take the method at all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from allocation.api.models import Scope
from allocation.rights.roles import Role

People = frozenset[Role]

ANYBODY = frozenset({Role.NOBODY, Role.VIEWER, Role.OPERATOR, Role.CHAIRMAN})
READERS = ANYBODY - {Role.NOBODY}
LOGGERS = READERS - {Role.VIEWER}
CHAIRMAN = frozenset({Role.CHAIRMAN})
NONE: People = frozenset()


@dataclass(frozen=True, slots=True)
class May:
    """Who may GET and who may POST."""

    get: People | None = None
    post: People | None = None


_PAGE = May(READERS)
_LOG_FORM = May(LOGGERS, LOGGERS)
_LOG = May(post=LOGGERS)
_RULE_FORM = May(CHAIRMAN, CHAIRMAN)
_RULE = May(post=CHAIRMAN)

PAGES = {
    "": _PAGE,
    "sds/": _PAGE,
    "sds/new/": _LOG_FORM,
    "sds/<slug:code>/edit/": _LOG_FORM,
    "sds/<slug:code>/defer/": _LOG_FORM,
    "sds/<slug:code>/resume/": _LOG_FORM,
    "sds/<slug:code>/archive/": _LOG_FORM,
    "sds/<slug:code>/restore/": _RULE_FORM,
    "sds/<slug:code>/": _PAGE,
    "sds/<slug:code>/start/": _LOG,
    "sds/<slug:code>/approve/": _RULE_FORM,
    "sds/<slug:code>/stop/": _RULE_FORM,
    "checkpoints/": _PAGE,
    "checkpoints/new/": _LOG_FORM,
    "checkpoints/<int:pk>/correct/": _LOG_FORM,
    "checkpoints/<int:pk>/withdraw/": _LOG_FORM,
    "checkpoints/import/<int:pk>/undo/": _LOG_FORM,
    "checkpoints/import/": _LOG_FORM,
    "checkpoints/import/confirm/": _LOG,
    "checkpoints/export.csv": _PAGE,
    "usage/": _PAGE,
    "budget/": May(READERS, CHAIRMAN),
    "budget/switch/": _RULE,
    "budget/undo/<int:pk>/": _RULE,
    "forecasts/": _PAGE,
    "decisions/": _PAGE,
    r"decisions/^export\.(?P<suffix>csv|json)$": _PAGE,
    "decisions/<int:pk>/": _PAGE,
    "overrides/": May(READERS, CHAIRMAN),
    "overrides/<int:pk>/revoke/": _RULE_FORM,
    "deferrals/": _PAGE,
    "deferrals/confirm/": _RULE,
    "deferrals/runs/<int:pk>/run/": _RULE_FORM,
    "deferrals/runs/<int:pk>/drop/": _LOG_FORM,
    "deferrals/runs/<int:pk>/up/": _LOG,
    "deferrals/runs/<int:pk>/down/": _LOG,
    "deferrals/sds/<slug:code>/up/": _LOG,
    "deferrals/sds/<slug:code>/down/": _LOG,
    "optimize/": _PAGE,
    "optimize/apply/<str:sub_agent>/<str:phase>/<str:tier>/": _RULE_FORM,
    "optimize/changes/<int:pk>/undo/": _RULE_FORM,
    "audit/": _PAGE,
    "audit/<slug:label>/": _PAGE,
    "audit/<slug:label>/lesson/": _RULE,
    "kpis/": _PAGE,
    "kpis/events/new/": _LOG_FORM,
    "kpis/events/new/<slug:kind>/": _LOG_FORM,
    "kpis/events/<int:pk>/delete/": _LOG_FORM,
    "kpis/roll-back/": _RULE,
    "readiness/": _PAGE,
    "reminders/": _PAGE,
    "reminders/<int:pk>/dismiss/": _LOG,
    "reminders/<int:pk>/restore/": _LOG,
    "reminders/messages/<uuid:pk>/send/": _RULE,
    "reminders/settings/": _RULE_FORM,
    "reminders/settings/secret/": _RULE,
    "reminders/settings/test/": _RULE,
    "tokens/": May(CHAIRMAN),
    "tokens/new/": _RULE,
    "tokens/<int:pk>/revoke/": _RULE_FORM,
    "connect/": _PAGE,
    "mismatches/": _PAGE,
    "calibration/": _PAGE,
    "calibration/apply/": _RULE,
    "accounts/login/": May(ANYBODY, ANYBODY),
    "accounts/password_change/": May(READERS, READERS),
    "accounts/password_change/done/": _PAGE,
    "accounts/logout/": May(post=READERS),  # last: who was asked to leave has left
}

# What agents ask for with a token, by method, and the scope that it takes. A session of a person
# opens none of them. None: anybody may.
AGENTS: dict[tuple[str, str], Scope | None] = {
    ("GET", "api/v1/openapi.json"): None,
    ("GET", "api/v1/status"): Scope.READ,
    ("GET", "api/v1/week"): Scope.READ,
    ("GET", "api/v1/forecast"): Scope.READ,
    ("GET", "api/v1/next"): Scope.READ,
    ("POST", "api/v1/recommend"): Scope.DECISIONS,
    ("POST", "api/v1/usage"): Scope.USAGE,
    ("POST", "api/v1/usage/transcripts"): Scope.USAGE,
    ("GET", "api/v1/decisions"): Scope.READ,
    ("GET", "api/v1/decisions/<int:number>"): Scope.READ,
    ("POST", "api/v1/decisions/<int:number>/outcome"): Scope.DECISIONS,
    ("GET", "api/v1/sds"): Scope.READ,
    ("POST", "api/v1/sds"): Scope.CHECKPOINTS,
    ("GET", "api/v1/sds/<code>"): Scope.READ,
    ("GET", "api/v1/sds/<code>/check"): Scope.READ,
    ("POST", "api/v1/checkpoints"): Scope.CHECKPOINTS,
    ("POST", "api/v1/quality"): Scope.DECISIONS,
    ("POST", "otlp/v1/logs"): Scope.USAGE,
    ("POST", "otlp/v1/metrics"): Scope.USAGE,
    ("POST", "hooks/claude-code"): Scope.HOOKS,
    ("POST", "hooks/queued"): Scope.HOOKS,
    ("POST", "hooks/status-line"): Scope.HOOKS,
    ("POST", "hooks/state"): Scope.HOOKS,
    ("POST", "hooks/health"): Scope.HOOKS,
}
# Answered with "there is nothing here", whoever asks.
NOTHING = ("api/v1/", "^(?:api|otlp)/")

# Django's admin is the Chairman's: what he may do there with a row of each table, beside looking.
ADD, CHANGE, DELETE = "add", "change", "delete"
EDITED = frozenset({ADD, CHANGE, DELETE})
RECORD: frozenset[str] = frozenset()
TABLES = {
    "api/agenttoken": RECORD,
    "audit/auditentry": RECORD,
    "auth/group": EDITED,
    "auth/user": EDITED,
    # Their pages can be sent, and have no field to change.
    "axes/accessattempt": frozenset({CHANGE, DELETE}),
    "axes/accesslog": frozenset({CHANGE, DELETE}),
    "budgets/budgetrule": frozenset({CHANGE}),
    "budgets/budgetweek": RECORD,
    "budgets/meter": EDITED,
    "catalog/claudemodel": EDITED,
    "catalog/complexitylevel": frozenset({CHANGE}),
    "catalog/passrate": EDITED,
    "catalog/price": EDITED,
    "catalog/reworkprior": EDITED,
    "catalog/subagent": EDITED,
    "catalog/tasktype": EDITED,
    "catalog/tier": EDITED,
    "checkpoints/checkpoint": RECORD,
    "checkpoints/sdtokenlog": RECORD,
    "claude_code/harnesssession": RECORD,
    "claude_code/hookdefaults": frozenset({CHANGE}),
    "claude_code/planreading": RECORD,
    "claude_code/unsteeredrun": RECORD,
    "decisions/decision": RECORD,
    "directives/strategicdirective": EDITED,
    "floors/modelceiling": EDITED,
    "floors/modelfloor": EDITED,
    "floors/override": frozenset({ADD}),
    "usage/agentcall": RECORD,
    "usage/agentrun": RECORD,
    "usage/transcriptfile": RECORD,
    "usage/unnamedrequest": RECORD,
    "usage/usagehour": RECORD,
    "usage/usagerecord": RECORD,
}
ROW = "<path:object_id>/"
# What else the admin has. True: nobody but the Chairman opens it, even of those who may look.
ADMIN = {
    "": False,
    "login/": False,
    "logout/": False,
    "password_change/": False,
    "password_change/done/": False,
    "autocomplete/": False,
    "jsi18n/": False,
    "r/<path:content_type_id>/<path:object_id>/": False,
    "(?P<url>.*)$": False,
    "auth/user/<id>/password/": True,
    "floors/override/<int:pk>/revoke/": True,
}


def admin_addresses() -> set[str]:
    """Every address below admin/ that the tables above speak of."""
    per_row = ("", "add/", ROW, f"{ROW}history/", f"{ROW}delete/", f"{ROW}change/")
    return {*ADMIN} | {f"{table}/{rest}" for table in TABLES for rest in per_row}


def addresses() -> Iterator[str]:
    """Every address of the app."""
    yield from _below("", get_resolver().url_patterns)


# Names of tables in one pattern, which grows with them; what it opens is the index for one app.
_APPS = "admin/^(?P<app_label>"


def _below(start: str, patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        address = f"{start}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _below(address, pattern.url_patterns)
        elif not address.startswith(_APPS):
            yield address
