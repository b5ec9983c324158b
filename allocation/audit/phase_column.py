"""A column that several tables of the admin have."""

from typing import Any

from django.contrib import admin


class PhaseColumn:
    """For tables whose rows stand for a phase or for all of them."""

    @admin.display(description="phase", ordering="phase")
    def in_phase(self, row: Any) -> str:
        """Or all of them."""
        return row.phase or "all phases"
