"""Each person in Django's admin: it is the Chairman's, whatever rights an account was given."""

from itertools import product

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.test import Client

from allocation.floors.models import Override
from allocation.rights.roles import Role
from tests import factories
from tests.rights.access import ADD, ADMIN, CHANGE, DELETE, TABLES

CONFIRMED = {"post": "yes"}


@pytest.fixture
def staff(db: None) -> Client:
    """Somebody with every right that Django's admin can give, who is not the Chairman."""
    user: User = factories.UserFactory(username="staff", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    return client


def admin_path(table: str, action: str) -> str:
    """The address of an action on the table's latest row."""
    model = apps.get_model(*table.split("/"))
    row = "" if action == ADD else f"{model._default_manager.latest('pk').pk}/"
    return f"/admin/{table}/{row}{action}/"


def test_the_admin_is_the_chairmans(people: dict[Role, Client], admin_rows: None) -> None:
    chairman, wrong = people.pop(Role.CHAIRMAN), []
    for (table, may), action in product(TABLES.items(), (ADD, CHANGE, DELETE)):
        path = admin_path(table, action)
        looks = action in may or action == CHANGE  # a page to look at, without a form
        found = [chairman.get(path).status_code == (200 if looks else 403)]
        # Only what is refused: what is not has tests of its own.
        found += [action in may or chairman.post(path, CONFIRMED).status_code == 403]
        for client in people.values():
            found += ["/login/?next=" in client.get(path)["Location"]]
            found += ["/login/?next=" in client.post(path, CONFIRMED)["Location"]]
        wrong += [] if all(found) else [(path, found)]
    assert wrong == []


def test_no_right_that_the_admin_gives_makes_a_chairman(staff: Client, admin_rows: None) -> None:
    """Otherwise whoever may change users could make themselves one."""
    ours = [table for table in TABLES if not table.startswith("axes/")]
    for table, action in product(ours, (ADD, CHANGE, DELETE)):
        path = admin_path(table, action)
        assert staff.post(path, CONFIRMED).status_code == 403, path


def test_each_list_is_open_to_whoever_may_look(staff: Client, admin_rows: None) -> None:
    for table in TABLES:  # where there is one row only, its list is its page
        assert staff.get(f"/admin/{table}/").status_code in {200, 302}


@pytest.mark.parametrize("address", [name for name, strict in ADMIN.items() if strict])
def test_what_else_the_admin_has_is_the_chairmans_too(
    staff: Client, people: dict[Role, Client], rows: None, address: str
) -> None:
    pks = {"<id>": User.objects.get(username="chairman").pk, "<int:pk>": _override()}
    path = f"/admin/{address}"
    for part, pk in pks.items():
        path = path.replace(part, str(pk))
    assert people.pop(Role.CHAIRMAN).get(path).status_code == 200
    assert staff.get(path).status_code == staff.post(path).status_code == 403
    for client in people.values():
        assert "/login/?next=" in client.get(path)["Location"]


def _override() -> int:
    return Override.objects.latest("pk").pk


@pytest.mark.parametrize("address", [name for name, strict in ADMIN.items() if not strict])
def test_only_staff_come_into_the_admin_at_all(
    people: dict[Role, Client], db: None, address: str
) -> None:
    path = f"/admin/{address.replace('(?P<url>.*)$', 'nothing/').replace('<path:', '1<')}"
    if address in {"login/", "logout/"}:
        assert people[Role.VIEWER].get("/admin/").status_code == 302
        return
    for role in (Role.NOBODY, Role.VIEWER, Role.OPERATOR):
        assert people[role].get(path).status_code in {302, 404}
