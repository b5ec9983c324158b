"""One e-mail through the backend that EMAIL_URL names, and what came of it."""

from collections.abc import Sequence
from contextlib import suppress
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.core.mail import EmailMessage, get_connection

from allocation.display.format import counted
from allocation.reminders.outcome import Handover, Outcome

# Seconds, for the whole of it; settings.EMAIL_TIMEOUT bounds each step.
TOTAL = 15.0


def send(
    subject: str,
    text: str,
    recipients: Sequence[str],
    headers: dict[str, str],
    *,
    handover: Handover,
) -> Outcome:
    """Send one message to all recipients. Raises nothing that a mail server can cause."""
    message = EmailMessage(subject, text, to=list(recipients), headers=headers)
    connection = get_connection()
    try:
        connection.open()
    except (OSError, SMTPException) as error:
        return Outcome.refused(f"The mail server could not be used ({_reason(error)}).")
    try:
        if not handover.begin():
            return Outcome.refused("The mail server took too long.")
        connection.send_messages([message])
    except SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        said = ", ".join(str(code) for code in codes)
        return Outcome.refused(f"The mail server refuses all recipients ({said}).")
    except SMTPResponseException as error:
        return Outcome.refused(f"The mail server refuses the message ({_reason(error)}).")
    except (OSError, SMTPException) as error:
        return Outcome.uncertain(f"The mail server gave no answer ({_reason(error)}).")
    finally:
        # Whether the message was taken is settled before the farewell.
        with suppress(OSError, SMTPException):
            connection.close()
    # Everybody reads what came of a message; who gets it is the Chairman's to see.
    many = counted(len(recipients), "recipient")
    return Outcome.arrived(f"Handed to the mail server for {many}.")


def _reason(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        text = error.smtp_error
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return f"{error.smtp_code} {' '.join(text.split())}"[:150]
    if isinstance(error, TimeoutError):
        return "it took too long"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:150]
