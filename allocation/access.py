"""Who may write what in the web. Views call the `require_…` helpers, which raise PermissionDenied.

The same rules hold in PostgreSQL itself (allocation.rights), where a user acts as `role_of` says.

Every signed-in user reads everything. Checkpoints and SDs are written by staff (the Chairman) and
by members of the group `operator`; superusers only change the budget rule, override, and approve.
"""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied

from allocation.rights.roles import Role

OPERATORS = "operator"

Person = User | AbstractBaseUser | AnonymousUser


def role_of(user: Person) -> Role:
    """In whose name a user acts. One query, once, for a user who is not staff."""
    if not isinstance(user, User) or not user.is_active:
        return Role.NOBODY
    known: Role | None = getattr(user, "_role", None)
    if known is None:
        known = user._role = _role_of(user)  # type: ignore[attr-defined]  # as Django does
    return known


def _role_of(user: User) -> Role:
    if user.is_superuser:
        return Role.CHAIRMAN
    is_operator = user.is_staff or user.groups.filter(name=OPERATORS).exists()
    return Role.OPERATOR if is_operator else Role.VIEWER


def may_log(user: Person) -> bool:
    """Whether a user may log checkpoints and write SDs."""
    return role_of(user) in {Role.CHAIRMAN, Role.OPERATOR}


def may_rule(user: Person) -> bool:
    """Whether a user may change the budget rule."""
    return role_of(user) is Role.CHAIRMAN


def require_log(user: Person) -> str:
    """The user's name, for the audit trail. Raises PermissionDenied unless they may log."""
    if not may_log(user):
        raise PermissionDenied("Your account may read, but not log checkpoints or change SDs.")
    return str(user)


def require_chairman(user: Person, what: str) -> str:
    """The Chairman's name, for the audit trail. Raises PermissionDenied for anybody else."""
    if not may_rule(user):
        raise PermissionDenied(f"Only the Chairman's account may {what}.")
    return str(user)
