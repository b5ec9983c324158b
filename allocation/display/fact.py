"""A labelled figure as pages hand it to templates/components/facts.html."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of a row of facts, with its unit and a note under it; `at` if it is a moment."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    at: datetime | None = None
