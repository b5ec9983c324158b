"""The admin's list of agent tokens, to be read. They are made and revoked on the page Tokens."""

from django.contrib import admin
from django.utils import timezone

from allocation.api.models import AgentToken
from allocation.audit.admin_base import RecordAdmin


@admin.register(AgentToken)
class AgentTokenAdmin(RecordAdmin):
    """Who may speak to the API, and when they last did."""

    list_display = ("name", "shown", "scopes", "state", "last_used_at", "created_at", "created_by")
    search_fields = ("name", "prefix")
    fields = (
        "name", "shown", "scopes", "created_at", "created_by", "expires_at", "revoked_at",
        "revoked_by", "last_used_at",
    )  # fmt: skip

    @admin.display(description="state")
    def state(self, token: AgentToken) -> str:
        """Whether it can be used."""
        return token.state(timezone.now())
