"""The admin of Claude Code: defaults that are edited with a trail, records that only stand."""

import pytest
from django.test import Client

from allocation.audit.models import AuditEntry
from allocation.claude_code.models import HookDefaults

DEFAULTS = "/admin/claude_code/hookdefaults/1/change/"


def test_the_defaults_are_edited_with_an_audit_entry(chairman_client: Client) -> None:
    shown = chairman_client.get(DEFAULTS)
    form = shown.context["adminform"].form
    data = {"phase": "PLAN", "complexity": "5", "reason": "More is planned."}
    data |= {name: form[name].value() or "" for name in form.fields if name not in data}
    assert chairman_client.post(DEFAULTS, data).status_code == 302
    row = HookDefaults.objects.get()
    assert (row.phase, row.complexity) == ("PLAN", 5)
    assert AuditEntry.objects.get().after == {"complexity": 5, "phase": "PLAN"}


@pytest.mark.parametrize("path", ["hookdefaults/add/", "hookdefaults/1/delete/"])
def test_there_is_always_one_row_of_defaults(chairman_client: Client, path: str) -> None:
    assert chairman_client.get(f"/admin/claude_code/{path}").status_code == 403


@pytest.mark.parametrize("table", ["harnesssession", "planreading", "unsteeredrun"])
def test_what_was_heard_can_be_read_and_not_written(chairman_client: Client, table: str) -> None:
    assert chairman_client.get(f"/admin/claude_code/{table}/").status_code == 200
    assert chairman_client.get(f"/admin/claude_code/{table}/add/").status_code == 403
