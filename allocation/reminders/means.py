"""What this server can send with, as its environment says."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Means:
    """`mail`: EMAIL_URL names a mail server. `loopback`: a webhook may go to this machine."""

    mail: bool
    loopback: bool


def means() -> Means:
    """As the settings are: read where work begins, and passed on."""
    return Means(
        mail=settings.EMAIL_BACKEND != "django.core.mail.backends.dummy.EmailBackend",
        loopback=settings.WEBHOOK_ALLOW_LOOPBACK,
    )
