import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from allocation.api.models import AgentToken, Scope
from allocation.api.operations import AccessRefused, authenticate, create_token, revoke_token
from allocation.audit.models import AuditEntry
from allocation.policy.errors import RuleError
from budgetctl.cli.app import run
from tests.api.conftest import Agent

pytestmark = pytest.mark.django_db

PAGE = "/tokens/"


def made(now: datetime, **given: Any) -> tuple[AgentToken, str]:
    return create_token(**{"name": "laptop", "actor": "chairman", "now": now} | given)


def used(clear: str, now: datetime, scope: str = Scope.READ) -> AgentToken:
    return authenticate(header=f"Bearer {clear}", scope=scope, now=now)


def test_only_a_digest_of_the_secret_is_kept(now: datetime) -> None:
    row, clear = made(now)
    mark, prefix, secret = clear.split("_", 2)
    assert (mark, prefix) == ("bctl", row.prefix)
    assert len(secret) == 43  # 256 bits
    assert row.digest == hashlib.sha256(secret.encode()).hexdigest()
    kept = json.dumps(
        [list(AgentToken.objects.values()), list(AuditEntry.objects.values())], default=str
    )
    assert secret not in kept


def test_two_tokens_share_nothing(now: datetime) -> None:
    first, second = made(now), made(now, name="server")
    assert first[0].prefix != second[0].prefix
    assert first[1].split("_")[2] != second[1].split("_")[2]


def test_making_and_revoking_leave_an_entry_each(now: datetime) -> None:
    row, _ = made(now, scopes=["read"])
    assert revoke_token(token=row, actor="chairman", now=now)
    assert not revoke_token(token=row, actor="chairman", now=now)
    entries = AuditEntry.objects.order_by("id").values_list("action", "subject", "actor")
    assert list(entries) == [
        ("token creation", "token laptop", "chairman"),
        ("token revocation", "token laptop", "chairman"),
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": " "}, "name"),
        ({"name": "\u200b"}, "Give the token a name"),
        ({"name": "runner\u200b"}, "The name has signs that cannot be seen"),
        ({"scopes": ["limits"]}, "no scope “limits”"),
        ({"scopes": []}, "at least one"),
        ({"expires_at": datetime.fromisoformat("2020-01-01T00:00Z")}, "future"),
        ({"name": "x" * 101}, "100 characters"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    now: datetime, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RuleError, match=sentence):
        made(now, **given)
    assert not AgentToken.objects.exists()


def test_a_name_is_free_again_once_its_token_is_revoked(now: datetime) -> None:
    row, _ = made(now)
    with pytest.raises(RuleError, match="already"):
        made(now)
    revoke_token(token=row, actor="chairman", now=now)
    made(now)


def test_a_token_is_checked_with_one_query(
    now: datetime, django_assert_num_queries: Callable[[int], Any]
) -> None:
    _, clear = made(now)
    used(clear, now)
    with django_assert_num_queries(1):
        assert used(clear, now + timedelta(seconds=59)).name == "laptop"


def test_the_last_use_is_written_once_a_minute(now: datetime) -> None:
    row, clear = made(now)
    for seconds, written in [(0, 0), (59, 0), (60, 60), (61, 60)]:
        used(clear, now + timedelta(seconds=seconds))
        row.refresh_from_db()
        assert row.last_used_at == now + timedelta(seconds=written)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic Zm9v",
        "Bearer nonsense",
        "Bearer bctl_",
        "Bearer bctl__",
        "Bearer bctl_zzzzzzzz_secret",
        "Bearer bctl_\0_x",
        "Bearer " + "x" * 100_000,
    ],
)
def test_what_is_no_token_is_not_known(now: datetime, header: str) -> None:
    made(now)
    with pytest.raises(AccessRefused) as refused:
        authenticate(header=header, scope=Scope.READ, now=now)
    assert refused.value.status == 401


def test_a_wrong_secret_is_told_in_the_words_of_a_wrong_prefix(now: datetime) -> None:
    _, clear = made(now)
    sentences = set()
    for wrong in (clear[:-1] + ("a" if clear[-1] != "a" else "b"), "bctl_00000000_" + "x" * 43):
        with pytest.raises(AccessRefused) as refused:
            used(wrong, now)
        sentences.add((refused.value.status, str(refused.value)))
    assert len(sentences) == 1


def test_a_revoked_or_expired_token_is_refused_at_once(now: datetime) -> None:
    row, clear = made(now, expires_at=now + timedelta(days=1))
    with pytest.raises(AccessRefused, match="expired"):
        used(clear, now + timedelta(days=1))
    revoke_token(token=row, actor="chairman", now=now)
    with pytest.raises(AccessRefused, match="revoked"):
        used(clear, now)


def test_a_scope_that_is_missing_is_forbidden_and_not_unknown(now: datetime) -> None:
    _, clear = made(now, scopes=["usage"])
    assert used(clear, now, Scope.USAGE)
    with pytest.raises(AccessRefused, match="no scope “read”") as refused:
        used(clear, now, Scope.READ)
    assert refused.value.status == 403


def test_the_name_in_the_trail_is_never_a_users(now: datetime) -> None:
    row, _ = made(now, name="chairman")
    assert row.actor == "agent chairman"


# The page


def test_the_chairman_makes_a_token_and_sees_it_once(chairman_client: Client) -> None:
    answer = chairman_client.post(
        f"{PAGE}new/", {"name": "laptop", "scopes": ["read", "usage"], "days": "30"}
    )
    row = AgentToken.objects.get()
    page = answer.content.decode()
    assert answer.status_code == 201
    assert f"bctl_{row.prefix}_" in page
    assert "no-store" in answer["Cache-Control"]
    assert row.scopes == ["read", "usage"]
    assert row.expires_at is not None
    assert row.created_by == "chairman"
    later = chairman_client.get(PAGE).content.decode()
    assert f"bctl_{row.prefix}…" in later
    assert f"bctl_{row.prefix}_" not in later


def test_a_form_that_is_refused_keeps_the_input_and_says_why(chairman_client: Client) -> None:
    answer = chairman_client.post(f"{PAGE}new/", {"name": "laptop", "scopes": []})
    assert answer.status_code == 422
    assert 'value="laptop"' in answer.content.decode()
    assert "Choose at least one scope." in answer.content.decode()
    assert not AgentToken.objects.exists()


def test_a_name_in_use_is_said_on_the_form(chairman_client: Client, now: datetime) -> None:
    made(now)
    answer = chairman_client.post(f"{PAGE}new/", {"name": "laptop", "scopes": ["read"]})
    assert answer.status_code == 422
    assert "already" in answer.content.decode()


def test_the_chairman_revokes_a_token(chairman_client: Client, now: datetime) -> None:
    row, clear = made(now)
    url = f"{PAGE}{row.pk}/revoke/"
    assert f'href="{url}"' in chairman_client.get(PAGE).text
    asked = chairman_client.get(url).text
    assert "Revoke the token laptop" in asked
    assert "Nobody has used it yet. It cannot be taken back." in asked
    answer = chairman_client.post(url, {"reason": "The laptop is gone."}, follow=True)
    assert "is revoked" in answer.content.decode()
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.reason) == ("token revocation", "The laptop is gone.")
    with pytest.raises(AccessRefused):
        used(clear, now)
    again = chairman_client.post(url)
    assert (again.status_code, "was revoked before." in again.text) == (422, True)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}new/", f"{PAGE}1/revoke/"])
def test_nobody_else_may_see_or_make_tokens(
    path: str, viewer_client: Client, client: Client, viewer: User
) -> None:
    send = "get" if path == PAGE else "post"
    assert getattr(viewer_client, send)(path).status_code == 403
    assert getattr(client, send)(path).status_code == 302
    assert not AgentToken.objects.exists()


def test_a_get_makes_and_revokes_nothing(chairman_client: Client, now: datetime) -> None:
    row, clear = made(now)
    assert chairman_client.get(f"{PAGE}new/").status_code == 405
    chairman_client.get(f"{PAGE}{row.pk}/revoke/")
    assert used(clear, now) == row


def test_the_page_is_not_exempt_from_the_check_against_cross_site_requests(chairman: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(chairman, backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post(f"{PAGE}new/", {"name": "x", "scopes": ["read"]}).status_code == 403


def test_the_page_costs_the_same_with_many_tokens(
    chairman_client: Client, now: datetime, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(20):
        made(now, name=f"machine {number}")
    with django_assert_max_num_queries(12):
        chairman_client.get(PAGE)


def test_the_admin_lists_tokens_and_changes_none(chairman_client: Client, now: datetime) -> None:
    row, _ = made(now)
    shown = chairman_client.get("/admin/api/agenttoken/").content.decode()
    assert row.shown in shown
    assert row.digest not in shown
    assert chairman_client.get("/admin/api/agenttoken/add/").status_code == 403
    assert chairman_client.post(f"/admin/api/agenttoken/{row.pk}/delete/").status_code == 403


# The command line


def test_a_token_from_the_command_line_can_be_used(
    capsys: pytest.CaptureFixture[str], now: datetime
) -> None:
    assert run(["token", "create", "laptop", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert used(said["token"], now).scopes == sorted(Scope.values)


def test_the_command_line_lists_and_revokes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "create", "laptop", "--scope", "read", "--scope", "hooks"]) == 0
    clear = capsys.readouterr().out.split()[0]
    assert run(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert "laptop" in listed
    assert clear not in listed
    assert "last used never" in listed
    used(clear, datetime(2026, 11, 18, 20, tzinfo=UTC), scope="hooks")
    assert run(["token", "list"]) == 0
    assert "last used Wed 18 Nov 2026, 12:00" in " ".join(capsys.readouterr().out.split())
    assert run(["token", "revoke", "laptop"]) == 0
    assert run(["token", "revoke", "laptop"]) == 1
    assert run(["token", "create", "x", "--scope", "limits"]) == 1
    capsys.readouterr()
    assert run(["token", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tokens"][0]["state"] == "revoked"


def test_a_revoked_token_gets_nothing_from_any_door(agent: Agent, now: datetime) -> None:
    revoke_token(token=agent.token, actor="chairman", now=now)
    assert agent.get("status").status_code == 401
    assert agent.post("usage", {}).status_code == 401
    assert agent.otlp("logs", b"{}").status_code == 401
