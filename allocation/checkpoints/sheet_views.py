"""The week-1 spreadsheet in and out: upload, preview, confirm; export."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allocation.access import require_log
from allocation.checkpoints.cells import COLUMNS, EXAMPLE
from allocation.checkpoints.forms import SheetForm
from allocation.checkpoints.page import export_rows
from allocation.checkpoints.sheet_import import Imported, import_sheet
from allocation.checkpoints.sheet_page import preview_of, sheet_of_file, sheet_of_form
from allocation.checkpoints.spreadsheet import Sheet, write_sheet
from allocation.display.confirm import GET_POST
from allocation.display.format import counted
from allocation.policy.errors import RuleError
from allocation.usage.standing import standing_at
from allocation.usage.words import week_in_words


@require_http_methods(GET_POST)
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; then see every row of it. Nothing is stored here."""
    require_log(request.user)
    posted = request.method == "POST"
    form = SheetForm(request.POST, request.FILES) if posted else SheetForm()
    if form.is_valid():
        try:
            data = form.cleaned_data["file"]
            sheet = sheet_of_file(data, zone=timezone.get_current_timezone(), now=timezone.now())
        except RuleError as error:
            form.add_error("file", str(error))
        else:
            return _preview(request, sheet)
    return _choose(request, form, status=422 if posted else 200)


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Log the rows that the preview showed: all of them or none."""
    actor = require_log(request.user)
    try:
        sheet = sheet_of_form(request.POST.get("rows", ""))
    except RuleError as error:
        return _choose(request, SheetForm(), status=422, problem=str(error))
    if sheet.bad and "leave_out" not in request.POST:
        return _preview(request, sheet, status=422)
    try:
        imported = import_sheet(rows=sheet.rows, actor=actor, now=timezone.now())
    except RuleError as error:
        return _choose(request, SheetForm(), status=422, problem=str(error))
    messages.success(request, _in_words(imported))
    log = reverse("checkpoints:list-checkpoints")
    return redirect(f"{log}?import={imported.entry}" if imported.entry else log)


@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The log with the spreadsheet's columns."""
    lines = write_sheet(export_rows(timezone.get_current_timezone()))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="budgetctl-checkpoints.csv"'
    return response


def _choose(
    request: HttpRequest, form: SheetForm, *, status: int, problem: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "problem": problem,
        "columns": tuple(zip(COLUMNS, EXAMPLE, strict=True)),
        "zone": str(timezone.get_current_timezone()),
    }
    return render(request, "checkpoints/import.html", context, status=status)


def _preview(request: HttpRequest, sheet: Sheet, *, status: int = 200) -> HttpResponse:
    """Every row of a sheet; 422 if it was confirmed without a word on its bad rows."""
    page = preview_of(sheet)
    context = {
        "page": page,
        "zone": str(timezone.get_current_timezone()),
        "undecided": status == 422,
    }
    return render(request, "checkpoints/preview.html", context, status=status)


def _in_words(imported: Imported) -> str:
    passed_over = counted(imported.there_already, "row")
    there = (
        f" Passed over {passed_over}: logged before, or repeated." if imported.there_already else ""
    )
    if not imported.logged:
        return f"Nothing was logged.{there}"
    made = f", and made {', '.join(imported.created[:5])}" if imported.created else ""
    more = f" and {len(imported.created) - 5:,} more SDs" if len(imported.created) > 5 else ""
    standing = week_in_words(standing_at(timezone.now()))
    return f"Logged {counted(imported.logged, 'checkpoint')}{made}{more}.{there} {standing}"
