"""What every page tells somebody who does not see it: its title, and what was just done."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

# A form that was refused, and what its page is called.
REFUSED = {
    "/sds/new/": "Create SD",
    "/checkpoints/import/": "Import CSV",
    "/budget/": "Budget rule",
    "/overrides/": "Overrides",
    "/tokens/new/": "Agent tokens",
    "/accounts/password_change/": "Change password",
    "/kpis/events/new/": "Log quality event",
}
# An address that asks for what there is not.
MISTAKEN = {
    "/usage/?week=tomorrow": "Usage",
    "/decisions/?before=x": "Decisions",
    "/mismatches/?before=x": "Mismatches",
}
FOCUSED = (
    'id="messages" class="messages" role="status" aria-labelledby="message-list" tabindex="-1" '
    "autofocus"
)


@pytest.mark.parametrize("path", REFUSED)
def test_the_title_of_a_refused_form_begins_with_the_error(
    chairman_client: Client, path: str
) -> None:
    title = f"<title>Error: {REFUSED[path]} – budgetctl</title>"
    assert title in chairman_client.post(path, {}).text


@pytest.mark.parametrize("path", MISTAKEN)
def test_the_title_of_a_mistaken_address_begins_with_the_error(
    chairman_client: Client, path: str
) -> None:
    title = f"<title>Error: {MISTAKEN[path]} – budgetctl</title>"
    assert title in chairman_client.get(path).text


def test_what_was_done_has_the_focus_and_stands_before_the_rest_of_the_page(
    chairman_client: Client,
) -> None:
    assert "autofocus" not in chairman_client.get("/sds/").text
    page = chairman_client.post("/budget/switch/", {"enabled": "0"}, follow=True).text
    assert page.index("<main") < page.index(FOCUSED) < page.index("<h1")


def test_what_was_done_in_the_admin_has_the_focus(chairman_client: Client) -> None:
    page = chairman_client.get("/admin/")
    assert '<div role="status"><div id="messages">' in page.text


def test_an_imported_sheet_and_the_checkpoints_of_an_sd_have_titles_of_their_own(
    chairman_client: Client,
) -> None:
    page = chairman_client.get("/checkpoints/?sd=SD-A-1").text
    assert "<title>Checkpoints of SD-A-1 – budgetctl</title>" in page


def test_reading_again_says_when_it_was_read(chairman_client: Client) -> None:
    page = chairman_client.get("/connect/").text
    assert 'hx-select-oob="#read-at:innerHTML"' in page
    assert 'id="read-at" role="status">Read at <time>' in page
