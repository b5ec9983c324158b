"""Users and groups: Django's own pages, with an entry for each change and no secret in any."""

import json

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from allocation.audit.models import AuditEntry
from tests.audit.admin_forms import resend, said, send, shown
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def trail() -> str:
    return json.dumps(list(AuditEntry.objects.values("before", "after", "reason")))


def test_a_new_user_is_recorded_without_the_password(chairman_client: Client) -> None:
    new = {"username": "deputy", "password1": PASSWORD, "password2": PASSWORD}
    page = send(chairman_client, "/admin/auth/user/add/", usable_password="true", **new)
    assert page.redirect_chain, said(page)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject) == (
        "chairman",
        "user creation",
        "user deputy",
    )
    user = User.objects.get(username="deputy")
    assert PASSWORD not in trail()
    assert user.password not in trail()


def test_rights_given_and_taken_are_recorded(chairman_client: Client, viewer: User) -> None:
    group = Group.objects.create(name="operators")
    url = reverse("admin:auth_user_change", args=[viewer.pk])
    send(chairman_client, url, groups=[group.pk], is_staff="on")
    entry = AuditEntry.objects.get()
    assert entry.before == {"groups": [], "is_staff": False}
    assert entry.after == {"groups": ["operators"], "is_staff": True}


def test_a_user_saved_unchanged_leaves_no_entry(chairman_client: Client, viewer: User) -> None:
    page = send(chairman_client, reverse("admin:auth_user_change", args=[viewer.pk]))
    assert page.redirect_chain, said(page)
    assert not AuditEntry.objects.exists()


def test_a_new_password_is_recorded_as_such(chairman_client: Client, viewer: User) -> None:
    url = reverse("admin:auth_user_password_change", args=[viewer.pk])
    wrong = {"password1": "short", "password2": "short", "usable_password": "true"}
    assert chairman_client.post(url, wrong).status_code == 200
    assert not AuditEntry.objects.exists()
    right = {"password1": "a long new one 17", "password2": "a long new one 17"}
    chairman_client.post(url, {**right, "usable_password": "true"})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before, entry.after) == ("user password change", None, None)


def test_a_user_is_deleted_with_a_reason(chairman_client: Client) -> None:
    gone = UserFactory(username="gone")
    gone.groups.add(Group.objects.create(name="operators"))
    url = reverse("admin:auth_user_delete", args=[gone.pk])
    page = chairman_client.post(url, {"post": "yes", "reason": ""}, follow=True)
    assert "a deletion needs a reason" in said(page)
    chairman_client.post(url, {"post": "yes", "reason": "Left."})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.reason) == ("user deletion", "user gone", "Left.")
    assert gone.password not in trail()


def test_the_rights_of_a_group_are_recorded(chairman_client: Client) -> None:
    permission = Permission.objects.get(codename="view_modelfloor")
    send(chairman_client, "/admin/auth/group/add/", name="readers", permissions=[permission.pk])
    entry = AuditEntry.objects.get()
    assert entry.action == "group creation"
    assert entry.after is not None
    assert entry.after["permissions"] == [str(permission)]


class TestTwoTabs:
    def test_the_second_is_told_and_may_save_again(
        self, chairman_client: Client, viewer: User
    ) -> None:
        operators = Group.objects.create(name="operators")
        url = reverse("admin:auth_user_change", args=[viewer.pk])
        opened = shown(chairman_client, url)
        send(chairman_client, url, groups=[operators.pk], is_staff="on")
        page = chairman_client.post(url, opened | {"first_name": "Vi"}, follow=True)
        assert "chairman changed this after you opened it: staff status is now yes" in said(page)
        assert "groups is now “operators”. Nothing is stored yet" in said(page)
        viewer.refresh_from_db()
        assert (viewer.first_name, viewer.is_staff, viewer.groups.count()) == ("", True, 1)
        resend(chairman_client, url, page)
        viewer.refresh_from_db()
        assert (viewer.first_name, viewer.is_staff, viewer.groups.count()) == ("Vi", False, 0)

    def test_the_rights_of_a_group_too(self, chairman_client: Client) -> None:
        first, second = Permission.objects.all()[:2]
        group = Group.objects.create(name="readers")
        url = reverse("admin:auth_group_change", args=[group.pk])
        opened = shown(chairman_client, url)
        send(chairman_client, url, permissions=[first.pk])
        page = chairman_client.post(url, opened | {"permissions": [second.pk]}, follow=True)
        assert f"permissions is now “{first}”" in said(page)
        assert list(group.permissions.all()) == [first]

    def test_a_sign_in_meanwhile_is_no_change(self, chairman_client: Client, viewer: User) -> None:
        url = reverse("admin:auth_user_change", args=[viewer.pk])
        opened = shown(chairman_client, url)
        signed_in = timezone.now()
        User.objects.filter(pk=viewer.pk).update(last_login=signed_in)
        page = chairman_client.post(url, opened | {"first_name": "Vi"}, follow=True)
        assert page.redirect_chain, said(page)
        viewer.refresh_from_db()
        assert viewer.last_login == signed_in

    def test_whoever_may_only_look_carries_nothing_along(self, viewer: User) -> None:
        viewer.is_staff = True
        viewer.save()
        viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        client = Client()
        client.force_login(viewer)
        group = Group.objects.create(name="readers")
        for url in (
            reverse("admin:auth_user_change", args=[viewer.pk]),
            reverse("admin:auth_group_change", args=[group.pk]),
        ):
            page = client.get(url)
            assert page.status_code == 200
            assert "shown" not in page.text

    def test_a_page_takes_as_many_queries_however_many_rights_there_are(
        self, chairman_client: Client
    ) -> None:
        group = Group.objects.create(name="readers")
        url = reverse("admin:auth_group_change", args=[group.pk])
        counts = []
        for rights in (1, 40):
            group.permissions.set(Permission.objects.all()[:rights])
            ContentType.objects.clear_cache()
            with CaptureQueriesContext(connection) as captured:
                chairman_client.get(url)
            counts.append(len(captured))
        assert counts[0] == counts[1]


@pytest.mark.parametrize("flag", ["is_active", "is_staff", "is_superuser"])
def test_the_last_who_may_do_everything_keeps_it(chairman_client: Client, flag: str) -> None:
    chairman = User.objects.get(username="chairman")
    url = reverse("admin:auth_user_change", args=[chairman.pk])
    page = chairman_client.post(url, without(shown(chairman_client, url), flag), follow=True)
    assert "Nobody else may change the budget, the floors and the accounts" in said(page)
    assert not AuditEntry.objects.exists()
    UserFactory(username="deputy", is_staff=True, is_superuser=True)
    chairman_client.post(url, without(shown(chairman_client, url), flag))
    assert AuditEntry.objects.get().after == {flag: False}


def test_the_last_who_may_do_everything_is_not_deleted(chairman_client: Client) -> None:
    chairman = User.objects.get(username="chairman")
    url = reverse("admin:auth_user_delete", args=[chairman.pk])
    leaving = {"post": "yes", "reason": "Left."}
    assert "Nobody else may change" in said(chairman_client.post(url, leaving, follow=True))
    many = {"action": "delete_selected", "_selected_action": [chairman.pk], **leaving}
    page = chairman_client.post("/admin/auth/user/", many, follow=True)
    assert "Nobody else may change" in said(page)
    assert not AuditEntry.objects.exists()
    UserFactory(username="deputy", is_staff=True, is_superuser=True)
    chairman_client.post(url, leaving)
    assert not User.objects.filter(username="chairman").exists()


def test_the_group_of_operators_keeps_its_name_and_stays(chairman_client: Client) -> None:
    group, _ = Group.objects.get_or_create(name="operator")
    url = reverse("admin:auth_group_change", args=[group.pk])
    stays = "The group “operator” stays"
    assert stays in said(send(chairman_client, url, name="operators"))
    url = reverse("admin:auth_group_delete", args=[group.pk])
    page = chairman_client.post(url, {"post": "yes", "reason": "Tidy."}, follow=True)
    assert stays in said(page)
    assert Group.objects.filter(name="operator").exists()
    assert not AuditEntry.objects.exists()


def without(form: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in form.items() if key != name}
