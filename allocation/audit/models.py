"""The audit trail: who changed what, when, from what to what, and why. Rows are only ever added."""

from django.db import models


class AuditEntry(models.Model):
    """One change, as it was made. Nobody edits or deletes an entry, in the admin or elsewhere."""

    at = models.DateTimeField("when")
    actor = models.CharField("who", max_length=150)
    action = models.CharField(max_length=60)
    subject = models.CharField("what", max_length=200)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        db_table = "audit_entries"
        ordering = ["-at", "-id"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        # The trail is read newest first, and by subject when one thing's history is wanted.
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["subject", "-at"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
