"""Fill in a page of the admin as a browser does: what stands in the form, and what is changed."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client


class _Form(HTMLParser):
    """The fields of the page's main form with the values that they were shown with."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.data: dict[str, Any] = {}
        self._inside = False
        self._select: str | None = None
        self._many = False
        self._textarea: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_ = dict(attrs)
        name, value = is_.get("name"), is_.get("value") or ""
        if tag == "form":
            self._inside = (is_.get("id") or "").endswith("_form") and is_["id"] != "logout-form"
        if not self._inside:
            return
        if tag == "input" and name:
            kind = is_.get("type", "text")
            if kind in {"checkbox", "radio"}:
                if "checked" in is_:
                    self.data[name] = value or "on"
            elif kind not in {"submit", "button", "file"}:
                self.data[name] = value
        elif tag == "select":
            self._select, self._many = name, "multiple" in is_
        elif tag == "option" and self._select and "selected" in is_:
            if self._many:
                self.data.setdefault(self._select, []).append(value)
            else:
                self.data[self._select] = value
        elif tag == "textarea" and name:
            self._textarea = name
            self.data[name] = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.data[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._textarea:
            # HTML drops the first line break.
            self.data[self._textarea] = self.data[self._textarea].removeprefix("\n")
            self._textarea = None


def shown(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back from the page if nothing was changed."""
    response = client.get(url)
    assert response.status_code == 200, response.status_code
    return _Form(response.content.decode()).data


def send(client: Client, url: str, **changes: Any) -> Any:
    """Open the page, change some of its fields, save, and follow to the next page."""
    return client.post(url, {**shown(client, url), **changes}, follow=True)


def resend(client: Client, url: str, page: Any, **changes: Any) -> Any:
    """Send the form of a page that came back with errors."""
    return client.post(url, {**_Form(page.content.decode()).data, **changes}, follow=True)


def said(page: Any) -> str:
    """The text of a page without its tags, for what a person reads there."""
    text: list[str] = []
    parser = HTMLParser()
    parser.handle_data = text.append  # type: ignore[method-assign]
    parser.feed(page.content.decode())
    return " ".join(" ".join(text).split())
