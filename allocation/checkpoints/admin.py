"""The admin of the checkpoint log. Entries are made and corrected on the site."""

from django.contrib import admin

from allocation.audit.admin_base import RecordAdmin
from allocation.checkpoints.models import Checkpoint, SdTokenLog


@admin.register(Checkpoint)
class CheckpointAdmin(RecordAdmin):
    """The checkpoint log."""

    list_display = ("at", "sd", "kind", "phase", "tokens", "rework_cycles", "actor", "note")
    list_filter = ("kind", "phase", "actor")
    list_select_related = ("sd",)
    search_fields = ("sd__code", "note", "actor")
    search_help_text = "SD, note or who logged it."
    date_hierarchy = "at"


@admin.register(SdTokenLog)
class SdTokenLogAdmin(RecordAdmin):
    """Tokens of each SD by phase, summed from its checkpoints."""

    list_display = ("sd", "phase", "complexity", "tokens_burned", "rework_cycles",
                    "lines_modified", "updated_at")  # fmt: skip
    list_filter = ("phase", "complexity")
    list_select_related = ("sd",)
    search_fields = ("sd__code",)
    search_help_text = "SD."
    date_hierarchy = "updated_at"
