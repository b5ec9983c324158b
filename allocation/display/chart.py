"""A chart as pages hand it to templates/components/chart.html."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and the table that says the same; without rows only the `empty` sentence is shown.

    `spec` is the small vocabulary that static/js/charts.js draws; `label` says in a sentence what
    the drawing shows.
    """

    id: str
    title: str
    label: str
    empty: str
    note: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
