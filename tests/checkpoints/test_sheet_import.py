"""Spreadsheets in and out, through their pages."""

import csv
import io
import threading
from contextvars import copy_context
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.urls import reverse

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetWeek
from allocation.checkpoints.cells import SheetRow
from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.checkpoints.sheet_import import import_sheet
from allocation.directives.models import Status, StrategicDirective
from allocation.forecasts.models import Forecast, Occasion
from allocation.policy.phases import Phase
from allocation.usage.models import UsageRecord
from tests.checkpoints.test_spreadsheet import FIRST, HEAD, SECOND, WEEK_1
from tests.factories import (
    CheckpointFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

UPLOAD = "/checkpoints/import/"
BAD = "SD-MODEL-OPT,DESIGN,,2025-12-06,eighty,Gpt,Maybe\n"
NOW = datetime(2026, 1, 5, 20, tzinfo=UTC)


def upload(client: Client, text: str | bytes):
    data = text.encode() if isinstance(text, str) else text
    return client.post(UPLOAD, {"file": SimpleUploadedFile("week1.csv", data, "text/csv")})


def confirm(client: Client, preview, **more: str):
    sent = {"rows": preview.context["page"].signed, **more}
    return client.post(reverse("checkpoints:confirm-sheet"), sent)


def row(**values: object) -> SheetRow:
    given = {
        "line": 2,
        "code": "SD-A-1",
        "phase": Phase.LEAD,
        "started_at": None,
        "ended_at": datetime(2025, 12, 6, 18, tzinfo=UTC),
        "tokens": 10_000,
        "mix": {"sonnet": 100},
        "rework_cycles": 0,
    }
    return SheetRow(**(given | values))


@pytest.mark.django_db
class TestPages:
    def test_nothing_is_stored_until_it_is_confirmed(self, chairman_client: Client) -> None:
        preview = upload(chairman_client, WEEK_1)
        assert preview.status_code == 200
        assert "2 rows to log" in preview.text
        assert "is read as equal shares" in preview.text
        assert not Checkpoint.objects.exists()
        assert not StrategicDirective.objects.exists()
        done = chairman_client.get(confirm(chairman_client, preview).url)
        assert "Logged 2 checkpoints, and made SD-MODEL-OPT, SD-VISION-001B." in done.text
        assert Checkpoint.objects.count() == 2
        assert SdTokenLog.objects.get(sd__code="SD-MODEL-OPT").tokens_burned == 80_000

    def test_an_import_ends_at_the_rows_that_it_logged(self, chairman_client: Client) -> None:
        CheckpointFactory(sd__code="SD-BEFORE-1")
        done = confirm(chairman_client, upload(chairman_client, WEEK_1))
        CheckpointFactory(sd__code="SD-AFTER-1")
        page = chairman_client.get(done.url)
        assert [row.code for row in page.context["page"].rows] == ["SD-VISION-001B", "SD-MODEL-OPT"]
        assert "2 checkpoints of 2 SDs, " in page.text
        assert page.text.count(">Correct<") == 2

    @pytest.mark.parametrize("key", ["0", "x", "-1", "9" * 30])
    def test_there_is_no_page_of_an_import_that_never_was(
        self, chairman_client: Client, key: str
    ) -> None:
        assert chairman_client.get("/checkpoints/", {"import": key}).status_code == 404

    def test_a_second_upload_adds_nothing_and_says_so(self, chairman_client: Client) -> None:
        confirm(chairman_client, upload(chairman_client, WEEK_1))
        again = upload(chairman_client, WEEK_1)
        assert "Nothing to log" in again.text
        assert again.text.count("It is in the log already.") == 2
        assert again.context["page"].signed == ""

    def test_bad_rows_come_first_and_block_until_they_are_left_out(
        self, chairman_client: Client
    ) -> None:
        preview = upload(chairman_client, HEAD + BAD + FIRST)
        page = preview.context["page"]
        assert [bad.line for bad in page.bad] == [2]
        assert len(page.bad[0].faults) == 4
        assert preview.text.index("1 bad row") < preview.text.index("1 good row")
        refused = confirm(chairman_client, preview)
        assert refused.status_code == 422
        assert "“DESIGN” is not a phase" in refused.text
        assert not Checkpoint.objects.exists()
        assert confirm(chairman_client, preview, leave_out="on").status_code == 302
        assert Checkpoint.objects.get().sd.code == "SD-VISION-001B"

    def test_a_cell_left_blank_is_told_what_to_write(self, chairman_client: Client) -> None:
        (bad,) = upload(chairman_client, HEAD + ",,,2025-12-06 16:00,1,,\n").context["page"].bad
        assert bad.faults[0].startswith("SD ID: Write SD, then words")
        assert bad.faults[1] == "Phase: It is left blank; write LEAD, PLAN or EXEC."

    def test_a_repeated_row_is_logged_once(self, chairman_client: Client) -> None:
        preview = upload(chairman_client, HEAD + SECOND + SECOND)
        assert "It repeats line 2." in preview.text
        confirm(chairman_client, preview)
        assert Checkpoint.objects.count() == 1

    def test_what_was_confirmed_twice_is_logged_once(self, chairman_client: Client) -> None:
        preview = upload(chairman_client, WEEK_1)
        confirm(chairman_client, preview)
        again = chairman_client.get(confirm(chairman_client, preview).url)
        assert "Nothing was logged. Passed over 2 rows: logged before, or repeated." in again.text
        assert Checkpoint.objects.count() == 2

    def test_rows_that_were_tampered_with_are_refused(self, chairman_client: Client) -> None:
        signed = upload(chairman_client, WEEK_1).context["page"].signed
        url = reverse("checkpoints:confirm-sheet")
        for rows in ("", "nonsense", signed[:-1], f"x{signed}"):
            refused = chairman_client.post(url, {"rows": rows})
            assert refused.status_code == 422
            assert "The preview is too old or was changed" in refused.text
        assert not Checkpoint.objects.exists()

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "The file is empty."),
            (b"\x00\x01\x02", "a binary one"),
            (b"a,b\n1,2\n", "The columns must be"),
            (b"x" * (2 * 1024 * 1024 + 1), "The file is larger than 2 MB; split it."),
        ],
    )
    def test_a_file_that_is_none_gets_one_sentence(
        self, chairman_client: Client, data: bytes, sentence: str
    ) -> None:
        refused = upload(chairman_client, data)
        assert refused.status_code == 422
        assert sentence in refused.text

    def test_no_file_gets_one_sentence(self, chairman_client: Client) -> None:
        refused = chairman_client.post(UPLOAD)
        assert (refused.status_code, "Choose a CSV file." in refused.text) == (422, True)

    def test_html_in_a_cell_is_shown_as_text(self, chairman_client: Client) -> None:
        preview = upload(chairman_client, HEAD + "<b>x</b>,LEAD,,<i>y</i>,1,<u>z</u>,\n")
        assert "<b>x" not in preview.text
        assert "<i>y" not in preview.text
        assert "<u>z" not in preview.text
        assert "&lt;i&gt;y" in preview.text

    def test_the_wrong_person_imports_nothing(self, viewer_client: Client) -> None:
        assert viewer_client.get(UPLOAD).status_code == 403
        assert upload(viewer_client, WEEK_1).status_code == 403
        assert viewer_client.post(reverse("checkpoints:confirm-sheet")).status_code == 403

    def test_confirming_needs_a_post(self, chairman_client: Client) -> None:
        assert chairman_client.get(reverse("checkpoints:confirm-sheet")).status_code == 405

    def test_an_export_is_read_back_without_adding_anything(self, chairman_client: Client) -> None:
        confirm(chairman_client, upload(chairman_client, WEEK_1))
        CheckpointFactory(tokens=12_000, at=NOW + timedelta(microseconds=5))
        CheckpointFactory(kind="sd_start_lead", tokens=None)
        exported = b"".join(chairman_client.get("/checkpoints/export.csv"))
        rows = list(csv.DictReader(io.StringIO(exported.decode())))
        assert [line["SD ID"] for line in rows][:2] == ["SD-MODEL-OPT", "SD-VISION-001B"]
        assert rows[0]["Start Timestamp"] == "2025-12-06 09:00:00-08:00"
        assert rows[0]["Model Used"] == "sonnet=100"
        assert len(rows) == 3  # a start without tokens has nothing to say
        again = upload(chairman_client, exported)
        assert again.context["page"].bad == ()
        assert again.context["page"].new == 0

    def test_everybody_may_export(self, viewer_client: Client) -> None:
        response = viewer_client.get("/checkpoints/export.csv")
        assert response["Content-Disposition"].startswith("attachment")
        assert b"".join(response).startswith(b"SD ID,Phase")


@pytest.mark.django_db
class TestImport:
    def test_a_row_becomes_a_checkpoint_at_its_end_in_its_week(self, chairman: object) -> None:
        import_sheet(rows=[row()], actor="chairman", now=NOW)
        checkpoint = Checkpoint.objects.get()
        assert (checkpoint.kind, checkpoint.at) == ("lead_to_plan", row().ended_at)
        assert UsageRecord.objects.get().unsplit == 10_000
        assert BudgetWeek.objects.filter(start__lte=row().ended_at).exists()
        assert BudgetWeek.objects.filter(start__lte=NOW, end__gt=NOW).exists()
        entry = AuditEntry.objects.get(action="checkpoint sheet import")
        assert entry.subject == "1 checkpoint of 1 SD"
        assert Forecast.objects.filter(made_at=NOW, occasion=Occasion.CHECKPOINT).exists()
        assert (entry.after["logged"], entry.after["created"]) == (1, ["SD-A-1"])

    def test_rows_of_the_past_are_not_refused_for_the_present_phase(self) -> None:
        sd = StrategicDirectiveFactory(code="SD-A-1", phase="EXEC")
        CheckpointFactory(sd=sd, at=NOW - timedelta(days=1))
        rows = [row(), row(line=3, phase=Phase.EXEC, tokens=5), row(line=4, phase=Phase.PLAN)]
        import_sheet(rows=rows, actor="chairman", now=NOW)
        sd.refresh_from_db()
        assert (sd.status, sd.phase) == (Status.IN_PROGRESS, "EXEC")
        assert Checkpoint.objects.count() == 4

    def test_an_sd_without_later_checkpoints_is_moved_on(self) -> None:
        started = datetime(2025, 12, 6, 17, tzinfo=UTC)
        later = row(line=3, phase=Phase.PLAN, ended_at=datetime(2025, 12, 7, tzinfo=UTC))
        import_sheet(rows=[later, row(started_at=started)], actor="chairman", now=NOW)
        sd = StrategicDirective.objects.get()
        assert (sd.status, sd.phase, sd.complexity) == (Status.IN_PROGRESS, "EXEC", 3)
        assert sd.started_at == started

    @pytest.mark.parametrize("status", [Status.DEFERRED, Status.COMPLETED, Status.ARCHIVED])
    def test_what_is_put_off_or_over_stays_so(self, status: Status) -> None:
        sd = StrategicDirectiveFactory(code="SD-A-1", status=status)
        import_sheet(rows=[row()], actor="chairman", now=NOW)
        sd.refresh_from_db()
        assert sd.status == status

    def test_what_was_captured_is_not_counted_again(self) -> None:
        sd = StrategicDirectiveFactory(code="SD-A-1", phase="LEAD")
        captured = UsageRecordFactory(
            sd=sd, phase="LEAD", at=row().ended_at - timedelta(hours=1), input=3_000, output=1_000
        )
        rebuild_hours({captured.hour})
        import_sheet(rows=[row()], actor="chairman", now=NOW)
        assert UsageRecord.objects.get(source="manual").unsplit == 6_000

    def test_one_bad_write_stores_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: object, **options: object) -> None:
            raise RuntimeError

        monkeypatch.setattr("allocation.checkpoints.sheet_import.update_token_log", fail)
        with pytest.raises(RuntimeError):
            import_sheet(rows=[row()], actor="chairman", now=NOW)
        assert not Checkpoint.objects.exists()
        assert not StrategicDirective.objects.exists()
        assert not BudgetWeek.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_log_every_row_once() -> None:
    rows = [row(line=line, ended_at=NOW - timedelta(days=line)) for line in range(2, 8)]
    failures: list[Exception] = []

    def work() -> None:
        try:
            import_sheet(rows=rows, actor="chairman", now=NOW)
        except Exception as error:  # a thread's failure must reach the test
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=copy_context().run, args=[work]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Checkpoint.objects.count() == len(rows)
