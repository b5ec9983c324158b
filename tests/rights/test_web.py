"""Each person, and each agent, at each address of the app."""

from itertools import product

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from allocation.api.models import AgentToken, Scope
from allocation.api.operations import create_token
from allocation.audit.models import AuditEntry
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.sheet_import import IMPORT
from allocation.decisions.models import Decision, DeferredRun
from allocation.directives.models import StrategicDirective
from allocation.floors.models import Override
from allocation.optimizer.models import AppliedChange
from allocation.reminders.models import Delivery, Reminder
from allocation.reports.models import QualityEvent, WeekSnapshot
from allocation.rights.roles import Role
from tests.rights.access import (
    AGENTS,
    NOTHING,
    PAGES,
    addresses,
    admin_addresses,
)

ROWS = {
    "budget/undo/": AuditEntry.objects.exclude(action=IMPORT),
    "checkpoints/import/": AuditEntry.objects.filter(action=IMPORT),
    "checkpoints/": Checkpoint.objects.all(),
    "decisions/": Decision.objects.all(),
    "deferrals/": DeferredRun.objects.all(),
    "kpis/": QualityEvent.objects.all(),
    "optimize/": AppliedChange.objects.all(),
    "overrides/": Override.objects.all(),
    "reminders/": Reminder.objects.all(),
    "tokens/": AgentToken.objects.all(),
}
ROLL_BACK = {"sub_agent": "TESTING", "phase": "EXEC", "tier": "opus", "reason": "It fails."}
SENT = {"kpis/roll-back/": ROLL_BACK}


def path_of(address: str) -> str:
    """The address of a row that is there."""
    found = address.replace(r"^export\.(?P<suffix>csv|json)$", "export.csv")
    for start, rows in ROWS.items():
        if address.startswith(start) and "<int:pk>" in address:
            found = found.replace("<int:pk>", str(rows.latest("pk").pk))
    given = {
        "<slug:code>": lambda: StrategicDirective.objects.latest("pk").code,
        "<code>": lambda: StrategicDirective.objects.latest("pk").code,
        "<slug:label>": lambda: WeekSnapshot.objects.latest("pk").label,
        "<slug:kind>": lambda: "review",
        "<uuid:pk>": lambda: Delivery.objects.latest("made_at").pk,
        "<str:sub_agent>/<str:phase>/<str:tier>": lambda: "DOCMON/PLAN/haiku",
        "<int:number>": lambda: Decision.objects.latest("pk").pk,
    }
    for part, value in given.items():
        if part in found:
            found = found.replace(part, str(value()))
    return f"/{found}"


def came_to(response: HttpResponse) -> str:
    """`in` where somebody got through, be it to a form's complaint; else what met them."""
    to_login = response.status_code == 302 and "/login/?next=" in response["Location"]
    if response.status_code in {401, 403} or to_login:
        return "refused"
    return "in" if response.status_code in {200, 201, 302, 422} else str(response.status_code)


def test_every_address_stands_in_the_table() -> None:
    known = {*PAGES, *NOTHING, *(address for _, address in AGENTS)}
    known |= {f"admin/{address}" for address in admin_addresses()}
    assert {*addresses()} == known


def test_each_person_gets_at_each_address_what_the_table_says(
    people: dict[Role, Client], rows: None
) -> None:
    wrong = []
    for address, may in PAGES.items():
        path = path_of(address)
        for (method, who), role in product((("get", may.get), ("post", may.post)), people):
            with transaction.atomic():
                sent = SENT.get(address, {}) if method == "post" else {}
                got = came_to(getattr(people[role], method)(path, sent))
                transaction.set_rollback(True)
            wanted = "405" if who is None else "in" if role in who else "refused"
            # Whoever may not even open a page need not be told which methods it takes.
            if got != wanted and not (who is None and got == "refused"):
                wrong.append(f"{method} {path} as {role or 'nobody'}: {got}, not {wanted}")
    assert wrong == []


def test_no_address_takes_another_method(people: dict[Role, Client], rows: None) -> None:
    chairman = people[Role.CHAIRMAN]
    # Django's own forms take a PUT for a POST.
    for address in PAGES.keys() - {"accounts/login/", "accounts/password_change/"}:
        for method in (chairman.put, chairman.patch, chairman.delete):
            assert method(path_of(address)).status_code == 405, address


@pytest.mark.parametrize("scope", Scope.values)
def test_a_token_opens_what_its_scope_names_and_nothing_else(rows: None, scope: str) -> None:
    _, clear = create_token(name=scope, actor="chairman", now=timezone.now(), scopes=[scope])
    agent = Client(headers={"Authorization": f"Bearer {clear}"})
    for (method, address), wanted in AGENTS.items():
        response = _call(agent, method, address)
        assert (response.status_code == 403) == (wanted not in {None, scope}), address
        assert response.status_code not in {401, 404, 405, 500, 503}, address
    for address, may in PAGES.items():
        if may.get is not None and address != "accounts/login/":
            assert came_to(agent.get(path_of(address))) == "refused", address


def test_no_person_opens_what_is_for_agents(people: dict[Role, Client], rows: None) -> None:
    for client in people.values():
        for (method, address), wanted in AGENTS.items():
            status = _call(client, method, address).status_code
            assert status == (200 if wanted is None else 401), address
        for address in ("/api/v1/", "/api/v2/status", "/otlp/v1/traces"):
            assert client.get(address).status_code == 404


def _call(client: Client, method: str, address: str) -> HttpResponse:
    path = path_of(address)
    if method == "GET":
        return client.get(path)
    return client.post(path, "{}", content_type="application/json")
