"""The page of the budget rule, and the switch."""

from datetime import time
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule, Meter
from allocation.budgets.operations import ensure_week
from allocation.policy.meter import PRESETS, US_DOLLARS
from tests.factories import AuditEntryFactory, UsageRecordFactory, rebuild_hours

pytestmark = pytest.mark.django_db

URL, SWITCH = "/budget/", "/budget/switch/"


def facts(**values: str) -> dict[str, str]:
    rule = BudgetRule.objects.get()
    given = {
        "limit": "500,000",
        "reserve_percent": "0",
        "meter": str(rule.meter_id),
        "reset_weekday": "0",
        "reset_time": "14:00",
        "timezone": "America/Los_Angeles",
        "yellow_percent": "70",
        "orange_percent": "85",
        "red_percent": "95",
        "reason": "",
    }
    return given | values


def meter(name: str) -> str:
    return str(Meter.objects.get(name=name).pk)


class TestReading:
    def test_everybody_reads_the_rule_and_only_the_chairman_may_save(
        self, viewer_client: Client, chairman_client: Client
    ) -> None:
        assert "Save rule" not in viewer_client.get(URL).text
        page = chairman_client.get(URL)
        assert "Save rule" in page.text
        assert page.context["form"]["limit"].value() == "500,000"

    def test_every_meter_says_what_it_counts_and_what_the_week_would_be(
        self, chairman_client: Client
    ) -> None:
        record = UsageRecordFactory(
            at=timezone.now(), input=10_000, output=0, cache_read=90_000, model="claude-haiku-4-5"
        )
        rebuild_hours({record.hour})
        options = {row.name: row for row in chairman_client.get(URL).context["page"].meters}
        assert set(options) == {preset.name for preset in PRESETS}
        assert options["fresh tokens"].week == "This week: 10,000 tokens, 2% of the limit as it is"
        assert options["all tokens"].week.startswith("This week: 100,000 tokens, 20%")
        assert options["US dollars"].week.startswith("This week: $")
        assert "cache reads count nothing" in options["sonnet-equivalent"].sentence
        assert options["sonnet-equivalent"].chosen

    def test_a_meter_of_one_s_own_is_described(self, chairman_client: Client) -> None:
        Meter.objects.create(
            name="mine", weighting="flat", cache_write_5m=Decimal("1.25"), cache_write_1h=Decimal(2)
        )
        page = chairman_client.get(URL)
        sentence = next(row.sentence for row in page.context["page"].meters if row.name == "mine")
        assert "5-minute cache writes × 1.25 and 1-hour cache writes × 2" in sentence

    def test_weights_keep_the_zeros_of_whole_numbers(self, viewer_client: Client) -> None:
        """As a calibration rounds them: nothing after the point, and so no point."""
        weights = {"haiku": "0", "sonnet": "1", "opus": "2.50", "fable": "20"}
        Meter.objects.create(name="measured", weighting="tier", tier_weights=weights)
        page = viewer_client.get(URL)
        rows = page.context["page"].meters
        sentence = next(row.sentence for row in rows if row.name == "measured")
        assert "haiku × 0, sonnet, opus × 2.5 and fable × 20." in sentence

    def test_the_history_asks_as_much_for_many_as_for_one(self, viewer_client: Client) -> None:
        AuditEntryFactory(subject="the budget rule")
        with CaptureQueriesContext(connection) as one:
            viewer_client.get(URL)
        AuditEntryFactory.create_batch(30, subject="the budget rule", reason="<b>x</b>")
        with CaptureQueriesContext(connection) as many:
            page = viewer_client.get(URL)
        assert len(many) == len(one) < 40
        assert len(page.context["page"].history) == 20
        assert "&lt;b&gt;x" in page.text


class TestChanging:
    def test_a_change_says_what_it_does(self, chairman_client: Client) -> None:
        ensure_week(now=timezone.now())
        sent = facts(limit="600k", reserve_percent="10", reason="A larger plan.")
        page = chairman_client.post(URL, sent, follow=True)
        assert page.redirect_chain == [(URL, 302)]
        assert "Saved: limit 600,000 instead of 500,000; reserve, % 10 instead of 0." in page.text
        assert "weeks that are over keep theirs" in page.text
        rule = BudgetRule.objects.get()
        assert (rule.limit, rule.reserve_percent) == (600_000, 10)
        entry = AuditEntry.objects.get()
        assert (entry.actor, entry.reason) == ("chairman", "A larger plan.")
        change = page.context["page"].history[0]
        assert change.changes[0] == "limit 600,000 instead of 500,000"

    def test_saving_what_is_keeps_the_limit_and_leaves_no_other_trace(
        self, chairman_client: Client
    ) -> None:
        week = ensure_week(now=timezone.now())
        week.end = week.end.replace(minute=30)
        week.save()
        for _ in range(2):
            page = chairman_client.post(URL, facts(), follow=True)
            assert "Nothing was changed" in page.text
        assert AuditEntry.objects.get().action == "limit confirmation"
        (kept,) = page.context["page"].history
        assert (kept.may_undo, list(kept.changes)) == (False, ["limit 500,000"])
        ended = week.end
        week.refresh_from_db()
        assert week.end == ended

    def test_another_meter_meters_history_anew_and_says_so(self, chairman_client: Client) -> None:
        page = chairman_client.post(URL, facts(meter=meter("fresh tokens")), follow=True)
        assert "All history is metered anew" in page.text
        assert "This week stands at 0 tokens instead of 0 tokens" in page.text

    def test_a_meter_in_dollars_needs_a_limit_in_dollars(self, chairman_client: Client) -> None:
        sent = facts(meter=meter(US_DOLLARS.name))
        refused = chairman_client.post(URL, sent)
        assert refused.status_code == 422
        assert "This limit was in tokens" in refused.context["form"].errors["limit"][0]
        page = chairman_client.post(URL, sent | {"limit": "$1,250.50"}, follow=True)
        assert BudgetRule.objects.get().limit == Decimal("1250.50")
        assert page.context["form"]["limit"].value() == "1,250.50"

    def test_a_reset_in_a_skipped_hour_is_accepted_with_a_sentence(
        self, chairman_client: Client
    ) -> None:
        sent = facts(reset_weekday="6", reset_time="02:30")
        page = chairman_client.post(URL, sent, follow=True)
        assert "jumps over 02:30; the week then resets at 03:30." in page.text
        assert "This week now ends Sun" in page.text
        assert BudgetRule.objects.get().reset_time == time(2, 30)

    @pytest.mark.parametrize(
        ("values", "field", "sentence"),
        [
            ({"limit": "0"}, "limit", "The limit must be more than 0."),
            ({"limit": ""}, "limit", "required"),
            ({"limit": "much"}, "limit", "“much” is not a limit"),
            ({"limit": "-5"}, "limit", "“-5” is not a limit"),
            ({"limit": "2000000b"}, "limit", "is not a weekly budget"),
            ({"reserve_percent": "100"}, "reserve_percent", "less than 100%"),
            ({"reserve_percent": "-1"}, "reserve_percent", "at least 0%"),
            ({"meter": "99"}, "meter", "Select a valid choice"),
            ({"reset_weekday": "7"}, "reset_weekday", "Select a valid choice"),
            ({"reset_time": "25:00"}, "reset_time", "Enter a valid time"),
            ({"timezone": "Mars/Phobos"}, "timezone", "“Mars/Phobos” is not a time zone"),
            ({"timezone": "../etc/passwd"}, "timezone", "is not a time zone"),
            ({"yellow_percent": "0"}, "yellow_percent", "must rise"),
            ({"yellow_percent": "90"}, "orange_percent", "must rise"),
            ({"red_percent": "101"}, "red_percent", "must rise"),
            ({"red_percent": "x"}, "red_percent", "Enter a number"),
        ],
    )
    def test_bad_input_is_refused_beside_its_field_and_kept(
        self, chairman_client: Client, values: dict[str, str], field: str, sentence: str
    ) -> None:
        page = chairman_client.post(URL, facts(reason="<u>kept</u>") | values)
        assert page.status_code == 422
        errors = page.context["form"].errors
        assert sentence in " ".join(errors[field])
        assert page.context["form"]["limit"].value() == values.get("limit", "500,000")
        assert "&lt;u&gt;kept" in page.text
        assert not AuditEntry.objects.exists()

    def test_an_empty_post_is_a_wrong_one(self, chairman_client: Client) -> None:
        assert chairman_client.post(URL).status_code == 422

    @pytest.mark.parametrize("staff", [False, True])
    def test_the_wrong_person_changes_nothing(
        self, viewer_client: Client, viewer: User, staff: bool
    ) -> None:
        viewer.is_staff = staff
        viewer.save()
        assert viewer_client.post(URL, facts(limit="1")).status_code == 403
        assert viewer_client.post(SWITCH, {"enabled": "0"}).status_code == 403
        assert BudgetRule.objects.get().limit == 500_000


class TestSwitch:
    def test_off_is_said_on_every_page_and_on_again(self, chairman_client: Client) -> None:
        sent = {"enabled": "0", "reason": "holiday"}
        page = chairman_client.post(SWITCH, sent, follow=True)
        assert "Turn budgetctl on" in page.text
        assert "icons/off.svg" in page.text
        assert page.context["page"].history[0].changes == ["turned off"]
        for url in ("/sds/", "/admin/", "/admin/floors/modelfloor/"):
            assert "budgetctl is off:" in chairman_client.get(url).text
        page = chairman_client.post(SWITCH, {"enabled": "1"}, follow=True)
        assert "budgetctl is on: it recommends and forecasts again." in page.text
        assert BudgetRule.objects.get().enabled

    def test_a_word_that_is_neither_is_refused(self, chairman_client: Client) -> None:
        page = chairman_client.post(SWITCH, {"enabled": "maybe", "reason": "kept"})
        assert page.status_code == 422
        assert 'value="kept"' in page.text
        assert BudgetRule.objects.get().enabled

    def test_switching_needs_a_post(self, chairman_client: Client) -> None:
        assert chairman_client.get(SWITCH).status_code == 405
