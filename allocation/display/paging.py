"""One page of a long list, with links that keep the filters of the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import QueryDict

SIZE = 50


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page, newest first, and where the pages beside it are ("" if nowhere)."""

    rows: Sequence[Any]
    summary: str
    newer_url: str
    older_url: str


def page_of(rows: QuerySet[Any], query: QueryDict, *, size: int = SIZE) -> Slice:
    """The page that `?page=` asks for, or the nearest there is. Two queries."""
    page = Paginator(rows, size).get_page(query.get("page"))
    first, last, total = page.start_index(), page.end_index(), page.paginator.count
    return Slice(
        rows=list(page.object_list),
        summary=f"{first:,} to {last:,} of {total:,}" if total else "",
        newer_url=_url(query, page.number - 1) if page.has_previous() else "",
        older_url=_url(query, page.number + 1) if page.has_next() else "",
    )


def _url(query: QueryDict, number: int) -> str:
    changed = query.copy()
    changed["page"] = str(number)
    return f"?{changed.urlencode()}"
