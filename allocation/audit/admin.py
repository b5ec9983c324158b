"""The admin of the audit trail and of the accounts, and the name over all of it."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from axes.models import AccessFailureLog
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from allocation.access import OPERATORS
from allocation.audit.admin_base import AuditedDeletion, RecordAdmin, without
from allocation.audit.forms import ShownForm
from allocation.audit.models import AuditEntry
from allocation.audit.operations import Facts, Written, facts, record, subject_of
from allocation.display.format import moment
from allocation.policy.errors import RuleError

admin.site.site_header = "budgetctl"
admin.site.site_title = "budgetctl"
admin.site.index_title = "Admin"
# The lists need the width, and the index is the better list of tables: it is grouped.
admin.site.enable_nav_sidebar = False

# As audit.operations.facts writes one.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NUMBERS = (models.DecimalField, models.IntegerField)

# Whoever has all of them is a Chairman with the admin.
_ALL = ("is_active", "is_staff", "is_superuser")
LAST = (
    "Nobody else may change the budget, the floors and the accounts: first make another account "
    "active, staff and superuser."
)
OPERATORS_STAY = (
    f"The group “{OPERATORS}” stays: by it operators are known. Take members out of it."
)


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    """The audit trail."""

    list_display = ("at", "actor", "action", "subject", "in_short", "reason")
    list_filter = ("action", "actor")
    date_hierarchy = "at"
    search_fields = ("subject", "actor", "reason")
    search_help_text = "What was changed, who changed it, or the reason."
    fields = ("at", "actor", "action", "subject", "reason", "changes")

    @admin.display(description="change")
    def in_short(self, entry: AuditEntry) -> str:
        """The columns that differ, in one line."""
        if entry.before is None or entry.after is None:
            return "new" if entry.before is None else "deleted"
        parts = [f"{name}: {before} → {after}" for name, before, after in _columns(entry)]
        text = "; ".join(parts)
        return text if len(text) <= 120 else f"{text[:119]}…"

    @admin.display(description="before and after")
    def changes(self, entry: AuditEntry) -> SafeString:
        """A row for each column that the entry tells of."""
        rows = format_html_join(
            "", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>', _columns(entry)
        )
        return format_html(
            '<table class="changes"><thead><tr><th scope="col">Column</th>'
            '<th scope="col">Before</th><th scope="col">After</th></tr></thead>'
            "<tbody>{}</tbody></table>",
            rows,
        )


def _columns(entry: AuditEntry) -> Iterable[tuple[str, str, str]]:
    before, after = entry.before or {}, entry.after or {}
    for name in sorted({**before, **after}):
        label = name.replace("_", " ").replace("sub agent", "sub-agent")
        yield label, _said(before, name), _said(after, name)


def _said(values: dict[str, Any], name: str) -> str:
    if name not in values:
        return "–"
    value = values[name]
    if isinstance(value, bool):
        return "yes" if value else "no"
    choices = _counted(name)
    if choices is not None and _NUMBER.fullmatch(str(value)):
        return choices.get(str(value)) or f"{Decimal(value).normalize():,f}"
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return moment(datetime.fromisoformat(value), timezone.get_current_timezone())
    return "empty" if value in (None, "") else str(value)


@cache
def _counted(name: str) -> dict[str, str] | None:
    """The choices of a column that holds a number in every table that has one of this name."""
    every = (field for model in apps.get_models() for field in model._meta.concrete_fields)
    named = [field for field in every if field.name == name]
    if not named or not all(isinstance(field, _NUMBERS) for field in named):
        return None
    return {str(value): str(label) for field in named for value, label in field.flatchoices}


def _account(account: models.Model) -> Facts:
    """The columns of a user or group, and the names of its groups and rights."""
    rights = {
        field.name: sorted(map(str, getattr(account, field.name).select_related()))
        for field in account._meta.many_to_many
    }
    # Forms cut the moment of joining to the second, which is no change; the other is no setting.
    columns = {
        name: value
        for name, value in facts(account).items()
        if name not in {"date_joined", "last_login"}
    }
    return {**columns, **rights}


def _may_all(**which: Any) -> QuerySet[User]:
    return User.objects.filter(**dict.fromkeys(_ALL, True)).filter(**which)


def _is_last(user: models.Model) -> bool:
    """Whether nobody but this user may change the rule, the floors and the accounts."""
    return _may_all(pk=user.pk).exists() and not _may_all().exclude(pk=user.pk).exists()


class _UserForm(ShownForm, UserChangeForm):  # type: ignore[type-arg]  # see audit.forms
    read = staticmethod(_account)

    def clean(self) -> dict[str, Any]:
        """Leave somebody who can give rights back."""
        cleaned = super().clean()
        lost = [name for name in _ALL if not cleaned.get(name)]
        if lost and _is_last(self.instance):
            self.add_error(lost[0], LAST)
        return cleaned


class _GroupForm(ShownForm):
    read = staticmethod(_account)

    def clean_name(self) -> str:
        """Keep the name by which its members are known."""
        name: str = self.cleaned_data["name"]
        if self.initial.get("name") == OPERATORS != name:
            raise ValidationError(OPERATORS_STAY)
        return name


class _AuditedAccount(AuditedDeletion):
    """Django's own pages for users and groups, with an entry for each change and no secrets."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What was shown is carried along where there is anything to save."""
        own: list[Any] = without(("shown",), super().get_fieldsets(request, obj))
        if obj is not None and self.has_change_permission(request, obj):
            own[-1][1]["fields"].append("shown")
        return own

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Remember the account as it was; the rights are stored only after this."""
        form.before = _account(type(obj).objects.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store the rights as well, then the entry."""
        super().save_related(request, form, formsets, change)
        after = _account(form.instance)
        if after != form.before:
            action = "change" if change else "creation"
            _record(request, form.instance, action, before=form.before, after=after)


class AuditedUserAdmin(_AuditedAccount, UserAdmin):  # type: ignore[type-arg]  # see admin_base
    """Users. A new password is recorded as such, and never the password."""

    form = _UserForm
    readonly_fields = ("last_login", "date_joined")  # what happened is not edited

    def delete_row(self, request: HttpRequest, row: Any) -> list[Written]:
        """Leave somebody who can give rights back."""
        if _is_last(row):
            raise RuleError(LAST)
        return super().delete_row(request, row)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Django's page for it; it redirects exactly when the password was changed."""
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if response.status_code == 302:
                _record(request, User.objects.get(pk=id), "password change")
        return response


class AuditedGroupAdmin(_AuditedAccount, GroupAdmin):
    """Groups and their rights."""

    form = _GroupForm

    def delete_row(self, request: HttpRequest, row: Any) -> list[Written]:
        """Keep the group by which operators are known."""
        if row.name == OPERATORS:
            raise RuleError(OPERATORS_STAY)
        return super().delete_row(request, row)


admin.site.unregister([User, Group, AccessFailureLog])  # no such log is kept
admin.site.register(User, AuditedUserAdmin)
admin.site.register(Group, AuditedGroupAdmin)


def _record(request: HttpRequest, account: models.Model, action: str, **of: Any) -> None:
    record(
        actor=request.user.get_username(),
        action=f"{account._meta.verbose_name} {action}",
        subject=subject_of(account),
        now=timezone.now(),
        **of,
    )
