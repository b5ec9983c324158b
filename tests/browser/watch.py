"""What nobody looks for in a page: what goes wrong in it, is too wide in it, or is found by axe."""

from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from django.db import connection
from playwright.sync_api import ConsoleMessage, Page, Request

Scheme = Literal["light", "dark"]
# All else that axe says is not read, and takes longer to hand over than to find.
RUN_AXE = "async options => ({violations: (await axe.run(options)).violations})"
# The numbers of a chart, and of KPIs week by week: a grid whose columns are compared.
GRIDS = ".chart-table"
# Names whatever would have to be scrolled sideways. It waits for the letters to have their file and
# for the charts to have taken a new width, which they do with the next frame.
SIDEWAYS = f"""async () => {{
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  document.querySelectorAll("details").forEach((one) => (one.open = true));
  const wide = (box) => box.scrollWidth > box.clientWidth + 1;
  const tables = [...document.querySelectorAll(".table-scroll")];
  return [document.documentElement, ...tables.filter((one) => !one.closest("{GRIDS}"))]
    .filter(wide)
    .map((one) => one.getAttribute("aria-labelledby") || one.getAttribute("aria-label") || "page");
}}"""

_watches: dict[Page, "Watch"] = {}


class Watch:
    """Collects the console errors, script errors and failed requests of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.expected: list[str] = []
        _watches[page] = self
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("requestfailed", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.complaints.append(f"console: {message.text} {where}".strip())

    def _failed(self, request: Request) -> None:
        # A navigation away aborts what was still loading; that is nobody's fault.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"request failed: {request.url}: {request.failure}")

    def unexpected(self) -> list[str]:
        """What is wrong that the test did not expect."""
        return [
            complaint
            for complaint in self.complaints
            if not any(part in complaint for part in self.expected)
        ]

    def close(self) -> list[str]:
        """Close the browser context and return what was wrong to its end."""
        self.page.context.close()
        del _watches[self.page]
        return self.unexpected()


def complaints(page: Page) -> list[str]:
    """What is wrong in the page up to now. The test fails if any of it is there at the end."""
    return _watches[page].unexpected()


def expect_complaint(page: Page, part: str) -> None:
    """Do not fail for complaints that contain `part`, such as the 422 of a form sent on purpose."""
    _watches[page].expected.append(part)


def axe_clean(page: Page, **options: Any) -> None:
    """Fail with axe's report if axe finds anything against accessibility.

    In the light on SQLite, in the dark on PostgreSQL: what a page looks like does not depend on the
    database, and axe takes long. The page is not loaded again: it has to change with the scheme,
    and ends in the one it had.
    """
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    scheme = scheme_of_this_run()
    page.evaluate(AXE_SCRIPT)
    page.emulate_media(color_scheme=scheme)
    found = AxeResults(page.evaluate(RUN_AXE, {"resultTypes": ["violations"], **options}))
    page.emulate_media(color_scheme="dark" if is_dark else "light")
    assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"


def fits(page: Page) -> None:
    """Fail where a page is wider than its window."""
    too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} pixels wider than the screen"


def scheme_of_this_run() -> Scheme:
    """The scheme in which axe looks."""
    return "dark" if connection.vendor == "postgresql" else "light"
