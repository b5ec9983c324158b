"""Noticing that somebody else changed a row while a form was filled in.

A form carries, in its hidden field `shown`, a digest of each column as it was when the form was
opened. If a column has another digest when the form is sent, nothing is stored. The form then says
what the column is now and keeps the input; sent once more, it overwrites the other's change.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models

from allocation.audit.models import AuditEntry
from allocation.audit.operations import Facts, facts, fingerprint
from allocation.policy.errors import RuleError

# What a form shows of a row: its columns, unless there is more to it.
Read = Callable[[Any], Facts]

_LONGEST_VALUE = 200


class Changed(RuleError):
    """Somebody changed the row since; `is_now` is what a form then carries as shown."""

    def __init__(self, sentence: str, is_now: str) -> None:
        super().__init__(sentence)
        self.is_now = is_now


def shown_field(row: models.Model | None = None, names: Iterable[str] = ()) -> forms.CharField:
    """What a form carries of a row that it shows, or of none."""
    initial = shown(row, names) if row is not None else ""
    return forms.CharField(required=False, widget=forms.HiddenInput, initial=initial)


def shown(row: models.Model, names: Iterable[str] = (), read: Read = facts) -> str:
    """A row as it stands, in a form's hidden field: these columns, or all."""
    digests = fingerprint(read(row))
    return json.dumps({name: digests[name] for name in names or digests}, sort_keys=True)


def check_shown(
    row: models.Model,
    seen: str | None,
    *,
    subject: str,
    names: Iterable[str] = (),
    read: Read = facts,
) -> None:
    """Raises Changed where the row, as it is stored, is not what the writer had before them.

    `seen` comes from `shown`; None or nothing is of somebody who had no form. `subject` is what the
    trail calls the row: its last entry says whose change it was.
    """
    if not seen:
        return
    before, values = _read(seen), read(row)
    digests = fingerprint(values)
    columns = [name for name in names or digests if before.get(name) != digests[name]]
    if columns:
        raise Changed(_in_words(row, columns, values, subject), shown(row, names, read))


def refuse(form: forms.BaseForm, error: RuleError, field: str | None) -> None:
    """Let a form say why it was refused, beside the field unless the row was changed meanwhile."""
    if not isinstance(error, Changed):
        form.add_error(field, str(error))
        return
    form.add_error(None, str(error))
    data: Any = form.data.copy()  # type: ignore[attr-defined]  # a QueryDict, which has one
    data[form.add_prefix("shown")] = error.is_now
    form.data = data


def _read(seen: str) -> Mapping[str, Any]:
    try:
        value = json.loads(seen)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _in_words(row: models.Model, columns: Iterable[str], values: Facts, subject: str) -> str:
    last = AuditEntry.objects.filter(subject=subject).first()
    who = last.actor if last else "Somebody"
    is_now = "; ".join(
        f"{_label(row, name)} is now {_value(row, name, values[name])}" for name in columns
    )
    return (
        f"{who} changed this after you opened it: {is_now}. Nothing is stored yet, and your input "
        "still stands here. Save again to put it in place of theirs."
    )


def _label(row: models.Model, name: str) -> str:
    return str(getattr(row._meta.get_field(name), "verbose_name", name))


def _value(row: models.Model, name: str, value: Any) -> str:
    if value in (None, "", {}, []):
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    display = getattr(row, f"get_{name}_display", None)
    column = row._meta.get_field(name)  # whose value stands in the facts as JSON holds it
    if isinstance(column, models.DecimalField | models.IntegerField):
        value = f"{Decimal(value):,f}"
    elif isinstance(column, models.TimeField):
        value = str(value).removesuffix(":00")
    elif isinstance(value, dict):
        value = ", ".join(f"{key}={part}" for key, part in value.items())
    elif isinstance(value, list):
        value = ", ".join(map(str, value))
    text = str(display() if display else value)
    return f"“{text if len(text) <= _LONGEST_VALUE else f'{text[: _LONGEST_VALUE - 1]}…'}”"
