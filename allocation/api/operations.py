"""Every write to agent tokens, and the check of one."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from allocation.api.models import AgentToken, Scope
from allocation.audit.operations import record
from allocation.policy.errors import RuleError, check_seen
from allocation.policy.plain import is_blank
from allocation.rights.roles import Role, acting_as
from allocation.row_reads import rows_where

# Writing each use would make every read of the API a write to the database.
USE_WRITTEN_EVERY = timedelta(minutes=1)
_LONGEST_HEADER = 300


class AccessRefused(Exception):
    """A request without a token that allows it. `status` is 401 or 403, `str()` one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def create_token(
    *,
    name: str,
    actor: str,
    now: datetime,
    scopes: Iterable[str] = Scope.values,
    expires_at: datetime | None = None,
) -> tuple[AgentToken, str]:
    """Make a token: the row, and the token in the clear, which nobody can see again.

    One audit entry. Raises RuleError without a name, for a name in use, an unknown scope or an
    expiry that is past.
    """
    wanted = sorted(set(scopes))
    _check(name, wanted, expires_at, now)
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    row = AgentToken(
        name=name.strip(),
        prefix=prefix,
        digest=_digest(secret),
        scopes=wanted,
        created_at=now,
        created_by=actor,
        expires_at=expires_at,
    )
    with transaction.atomic():
        try:
            row.full_clean()
        except ValidationError as error:
            raise RuleError(" ".join(error.messages)) from error
        row.save()
        record(
            actor=actor,
            action="token creation",
            subject=f"token {row.name}",
            after={
                "prefix": prefix,
                "scopes": wanted,
                "expires_at": expires_at.isoformat() if expires_at else None,
            },
            now=now,
        )
    return row, f"{row.shown}_{secret}"


def _check(name: str, scopes: Sequence[str], expires_at: datetime | None, now: datetime) -> None:
    if is_blank(name):
        raise RuleError("Give the token a name, for example of the machine that will use it.")
    check_seen(name.strip(), "The name")
    if unknown := [scope for scope in scopes if scope not in Scope.values]:
        known = ", ".join(Scope.values)
        raise RuleError(f"There is no scope “{unknown[0]}”. There are: {known}.")
    if not scopes:
        raise RuleError("A token without a scope could do nothing: choose at least one.")
    if expires_at is not None and expires_at <= now:
        raise RuleError("A token must expire in the future, or never.")


def revoke_token(*, token: AgentToken, actor: str, now: datetime, reason: str = "") -> bool:
    """End a token at once and for good. False, and no audit entry, if it was revoked before."""
    with transaction.atomic():
        rows = AgentToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if not rows.update(revoked_at=now, revoked_by=actor):
            return False
        record(
            actor=actor,
            action="token revocation",
            subject=f"token {token.name}",
            before={"prefix": token.prefix, "revoked_at": None},
            after={"prefix": token.prefix, "revoked_at": now.isoformat()},
            reason=reason,
            now=now,
        )
    return True


@acting_as(Role.AGENT)  # as who is let in will, so that the database is told once
def authenticate(*, header: str, scope: str, now: datetime) -> AgentToken:
    """The token in an Authorization header, if it is in force and has the scope: one query.

    Raises AccessRefused. Whether the prefix or the secret is wrong cannot be told from outside,
    neither by the sentence nor by the time it takes.
    """
    prefix, secret = _parts(header)
    row = next(iter(rows_where(AgentToken, "prefix = %s", [prefix])), None)
    known = row.digest if row is not None else "0" * 64
    if not hmac.compare_digest(known, _digest(secret)) or row is None:
        raise AccessRefused(401, "This token is not known. Make one on the page Tokens.")
    if (state := row.state(now)) != "in force":
        raise AccessRefused(401, f"The token {row.shown} is {state}. Make another one.")
    if scope not in row.scopes:
        raise AccessRefused(403, f"The token {row.shown} has no scope “{scope}”, which this needs.")
    if row.last_used_at is None or now - row.last_used_at >= USE_WRITTEN_EVERY:
        written = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now)
        with acting_as(Role.SYSTEM):
            AgentToken.objects.filter(written, pk=row.pk).update(last_used_at=now)
        row.last_used_at = now
    return row


def _parts(header: str) -> tuple[str, str]:
    """Prefix and secret of `Bearer bctl_<prefix>_<secret>`; of anything else nothing that fits."""
    kind, _, token = header[:_LONGEST_HEADER].partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise AccessRefused(
            401, "Send an agent token: Authorization: Bearer bctl_…. Make one on the page Tokens."
        )
    mark, _, rest = token.strip().partition("_")
    prefix, _, secret = rest.partition("_")
    return (prefix if mark == "bctl" and prefix.isascii() and prefix.isalnum() else ""), secret


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
