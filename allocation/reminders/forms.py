"""How the Chairman sets reminders: shape, and each rule beside its own field."""

import re

from django import forms
from django.http import QueryDict

from allocation.display.fields import count_field, obey, typed
from allocation.policy.errors import RuleError
from allocation.policy.reminders import MOST_QUIET_HOURS
from allocation.reminders.addresses import LONGEST_URL, check_site, read_target
from allocation.reminders.means import Means
from allocation.reminders.models import ReminderSettings
from allocation.reminders.operations import Wanted, check_mail, check_recipients, mark

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class SettingsForm(forms.Form):
    """All settings of reminders. `seen` is the mark of those that were shown."""

    quiet_hours = count_field(
        MOST_QUIET_HOURS,
        least=1,
        label="Remind of an SD without news after, hours",
        help_text="In progress, and nothing logged or counted for it for so long.",
    )
    email_on = forms.BooleanField(label="Send reminders by e-mail", required=False)
    recipients = forms.CharField(
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3, **_PLAIN}),
        help_text="E-mail addresses, one a line.",
    )
    webhook_on = forms.BooleanField(label="Send reminders to a webhook", required=False)
    webhook_url = forms.CharField(
        label="Address of the webhook",
        required=False,
        max_length=LONGEST_URL,
        widget=forms.TextInput(attrs={"inputmode": "url", **_PLAIN}),
        help_text="Begins with https:// and leads outside this network. Only you can see it.",
    )
    site_url = forms.CharField(
        label="Address of budgetctl, for links",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"inputmode": "url", **_PLAIN}),
        help_text="Such as https://budget.example.com. Empty: messages have no links.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        row: ReminderSettings,
        means: Means,
        own_url: str = "",
    ) -> None:
        """`row` fills the fields in; `own_url` is offered for links until something is sent."""
        initial = {
            "quiet_hours": row.quiet_hours,
            "email_on": row.email_on,
            "recipients": "\n".join(row.recipients),
            "webhook_on": row.webhook_on,
            "webhook_url": row.webhook_url,
            "site_url": row.site_url or ("" if row.channels else own_url),
            "seen": mark(row),
        }
        super().__init__(data, initial=initial)
        self.means = means

    def clean_recipients(self) -> list[str]:
        """Addresses, each once, in the order given."""
        parts = re.split(r"[\s,;]+", typed(self.cleaned_data["recipients"]))
        found = list(dict.fromkeys(part for part in parts if part))
        obey(lambda: check_recipients(found))
        return found

    def clean_webhook_url(self) -> str:
        """An address outside, as far as it can be told from its text."""
        url = typed(self.cleaned_data["webhook_url"])
        if url:
            obey(lambda: read_target(url, allow_loopback=self.means.loopback))
        return url

    def clean_site_url(self) -> str:
        """Scheme and host."""
        url = typed(self.cleaned_data["site_url"]).rstrip("/")
        if url:
            obey(lambda: check_site(url))
        return url

    def clean(self) -> None:
        """What is on needs somewhere to go."""
        super().clean()
        given = self.cleaned_data
        if given.get("email_on") and "recipients" in given:
            try:
                check_mail(given["recipients"], self.means)
            except RuleError as error:
                self.add_error("recipients" if self.means.mail else "email_on", str(error))
        if given.get("webhook_on") and given.get("webhook_url") == "":
            self.add_error("webhook_url", "Give the address of the webhook, or turn it off.")

    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        return Wanted(**{name: self.cleaned_data[name] for name in Wanted.__slots__})

    def see(self, row: ReminderSettings) -> None:
        """Take the settings as they are now for shown, so that saving again puts these in place."""
        self.data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict, which has one
        self.data["seen"] = mark(row)  # type: ignore[index]
