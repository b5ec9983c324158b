"""Who may write what in the web. Views call the `require_…` helpers, which raise PermissionDenied.

Every signed-in user reads everything. Checkpoints and SDs are written by staff (the Chairman) and
by members of the group `operator`; superusers only change the budget rule, override, and approve.
"""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied

OPERATORS = "operator"

Person = User | AbstractBaseUser | AnonymousUser


def may_log(user: Person) -> bool:
    """Whether a user may log checkpoints and write SDs. One query for a user who is not staff."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_staff or user.groups.filter(name=OPERATORS).exists()


def may_rule(user: Person) -> bool:
    """Whether a user may change the budget rule."""
    return isinstance(user, User) and user.is_active and user.is_superuser


def require_log(user: Person) -> str:
    """The user's name, for the audit trail. Raises PermissionDenied unless they may log."""
    if not may_log(user):
        raise PermissionDenied("Your account may read, but not log checkpoints or change SDs.")
    return str(user)


def require_rule(user: Person) -> str:
    """The user's name, for the audit trail. Raises PermissionDenied unless they may rule."""
    if not may_rule(user):
        raise PermissionDenied("Only the Chairman's account may change the budget rule.")
    return str(user)


def require_chairman(user: Person, what: str) -> str:
    """The Chairman's name, for the audit trail. Raises PermissionDenied for anybody else."""
    if not may_rule(user):
        raise PermissionDenied(f"Only the Chairman's account may {what}.")
    return str(user)
