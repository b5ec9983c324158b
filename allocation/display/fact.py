"""A labelled figure as pages hand it to templates/components/facts.html."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of a row of facts, with its unit and a note under it."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
