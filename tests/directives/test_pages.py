"""The list of SDs, and the forms that write them."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule, Meter
from allocation.directives.models import Priority, Status, StrategicDirective
from tests.factories import StrategicDirectiveFactory, UsageRecordFactory, rebuild_hours

pytestmark = pytest.mark.django_db

FACTS = {"code": "sd-perf-1", "complexity": "3", "priority": "2"}


class TestList:
    def test_what_runs_comes_first_and_what_is_done_last(self, viewer_client: Client) -> None:
        StrategicDirectiveFactory(code="SD-DONE", status=Status.COMPLETED)
        StrategicDirectiveFactory(code="SD-LATER", status=Status.DEFERRED)
        StrategicDirectiveFactory(code="SD-LOW", priority=Priority.LOW)
        StrategicDirectiveFactory(code="SD-HIGH", priority=Priority.HIGH)
        StrategicDirectiveFactory(code="SD-RUNS", phase="EXEC", priority=Priority.LOW)
        StrategicDirectiveFactory(code="SD-GONE", status=Status.ARCHIVED)
        rows = viewer_client.get("/sds/").context["page"].rows
        codes = ["SD-RUNS", "SD-HIGH", "SD-LOW", "SD-LATER", "SD-DONE"]
        assert [row.code for row in rows] == codes

    def test_a_status_and_a_word_filter_and_stay_in_the_address(
        self, viewer_client: Client
    ) -> None:
        StrategicDirectiveFactory(code="SD-A", title="Faster pages", phase="LEAD")
        StrategicDirectiveFactory(code="SD-B", title="Faster tests")
        page = viewer_client.get("/sds/?status=in_progress&q=FASTER").context["page"]
        assert [row.code for row in page.rows] == ["SD-A"]
        assert page.tabs[0].url == "/sds/?q=FASTER"
        assert [(tab.label, tab.count) for tab in page.tabs][:2] == [("All", 2), ("In progress", 1)]

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("", "There is no SD yet."),
            ("?status=deferred", "No SD is deferred."),
            ("?q=%00zzz", "There is no SD with “zzz” in its name or title."),
            ("?status=paused&q=a", "No SD is paused with “a” in its name or title."),
            ("?status=nonsense&page=x", "There is no SD yet."),
        ],
    )
    def test_an_empty_list_says_why(
        self, chairman_client: Client, query: str, sentence: str
    ) -> None:
        assert sentence in chairman_client.get(f"/sds/{query}").text

    def test_burned_tokens_stand_against_the_estimate(self, viewer_client: Client) -> None:
        sd = StrategicDirectiveFactory(estimate=1_000, deferral_reason="<b>x</b>")
        record = UsageRecordFactory(sd=sd, input=900, output=600, cache_read=50_000)
        rebuild_hours({record.hour})
        page = viewer_client.get("/sds/")
        row = page.context["page"].rows[0]
        assert (row.spent.fresh, row.share, row.over) == (1_500, "150%", True)
        assert (row.spent.raw, row.spent.budget) == (51_500, "1,500")
        # A million tokens of Sonnet 4.5 cost $3 in, $15 out, and $0.30 read from the cache.
        assert row.spent.usd == Decimal("0.0267")
        assert "$0.03" in page.text
        assert "&lt;b&gt;x" in page.text

    def test_in_dollars_a_cost_that_nobody_knows_is_not_nothing(
        self, viewer_client: Client
    ) -> None:
        BudgetRule.objects.update(meter=Meter.objects.get(weighting="dollars"))
        sd = StrategicDirectiveFactory(title="Its own")
        record = UsageRecordFactory(sd=sd, model="gpt-nobody", input=900)
        rebuild_hours({record.hour})
        text = viewer_client.get("/sds/").text
        row = text[text.index("Its own") :]
        assert '<td class="number" data-label="US dollars">unknown</td>' in row
        assert "$0.00" not in row
        assert "Phases in US dollars." in viewer_client.get(f"/sds/{sd.code}/").text

    def test_many_ask_as_much_as_one(self, viewer_client: Client) -> None:
        StrategicDirectiveFactory()
        with CaptureQueriesContext(connection) as one:
            viewer_client.get("/sds/")
        StrategicDirectiveFactory.create_batch(60, estimate=5)
        with CaptureQueriesContext(connection) as many:
            page = viewer_client.get("/sds/?page=2")
        assert len(many) == len(one)
        assert "51 to 61 of 61" in page.text


class TestCreate:
    def test_an_sd_is_created(self, chairman_client: Client) -> None:
        sent = FACTS | {"title": "Faster", "estimate": "85k", "critical": "on"}
        page = chairman_client.post("/sds/new/", sent, follow=True)
        assert page.redirect_chain == [("/sds/SD-PERF-1/", 302)]
        sd = StrategicDirective.objects.get()
        assert (sd.complexity, sd.estimate, sd.critical) == (3, 85_000, True)
        assert AuditEntry.objects.get().actor == "chairman"

    @pytest.mark.parametrize(
        ("values", "level", "note"),
        [
            ({"complexity": "rubric", "lines": "300"}, 4, "By the rubric its complexity is 4."),
            ({"complexity": "rubric", "dependencies": "0"}, 1, "its complexity is 1."),
            (
                {"complexity": "rubric", "lines": "5", "dependencies": "12"},
                5,
                "its complexity is 5.",
            ),
            (
                {"complexity": "2", "lines": "300"},
                2,
                "Complexity 2 as chosen; the rubric says 4.",
            ),
        ],
    )
    def test_complexity_is_chosen_or_follows_from_the_rubric(
        self, chairman_client: Client, values: dict[str, str], level: int, note: str
    ) -> None:
        page = chairman_client.post("/sds/new/", FACTS | values, follow=True)
        assert StrategicDirective.objects.get().complexity == level
        assert note in page.text

    @pytest.mark.parametrize(
        ("values", "field", "sentence"),
        [
            ({"code": ""}, "code", "Give the SD a code."),
            ({"complexity": ""}, "complexity", "Choose the complexity, from 1 to 5."),
            ({"code": "PERF"}, "code", "Write SD, then words in capitals"),
            ({"code": "SD-TAKEN"}, "code", "There is an SD called SD-TAKEN already."),
            ({"complexity": "6"}, "complexity", "Complexity goes from 1 to 5."),
            ({"complexity": "0"}, "complexity", "Complexity goes from 1 to 5."),
            ({"complexity": "rubric"}, "complexity", "Choose a complexity, or give"),
            ({"lines": "-1"}, "lines", "a whole number from 0 to 100,000,000."),
            ({"estimate": "much"}, "estimate", "“much” is not a count of tokens"),
            ({"estimate": "900b"}, "estimate", "are not the estimate of one SD"),
            ({"priority": "9"}, "priority", "Select a valid choice"),
            ({"title": "<u>kept</u>\u202e"}, "title", "signs that cannot be seen"),
        ],
    )
    def test_bad_input_is_refused_beside_its_field_and_kept(
        self, chairman_client: Client, values: dict[str, str], field: str, sentence: str
    ) -> None:
        StrategicDirectiveFactory(code="SD-TAKEN")
        page = chairman_client.post("/sds/new/", FACTS | {"title": "<u>kept</u>"} | values)
        assert page.status_code == 422
        assert sentence in " ".join(page.context["form"].errors[field])
        assert "&lt;u&gt;kept&lt;/u&gt;" in page.text
        assert StrategicDirective.objects.count() == 1

    def test_an_empty_post_is_a_wrong_one(self, chairman_client: Client) -> None:
        assert chairman_client.get("/sds/new/").status_code == 200
        assert chairman_client.post("/sds/new/").status_code == 422


class TestEdit:
    def test_an_edit_keeps_what_checkpoints_decide(self, chairman_client: Client) -> None:
        sd = StrategicDirectiveFactory(code="SD-A", phase="PLAN", estimate=5_000)
        form = chairman_client.get("/sds/SD-A/edit/").context["form"]
        assert form["estimate"].value() == "5,000"
        page = chairman_client.post("/sds/SD-A/edit/", FACTS | {"code": "SD-B"}, follow=True)
        assert "Saved SD-B." in page.text
        sd.refresh_from_db()
        assert (sd.code, sd.phase, sd.estimate) == ("SD-B", "PLAN", None)

    def test_a_code_that_is_taken_is_refused(self, chairman_client: Client) -> None:
        StrategicDirectiveFactory(code="SD-A")
        StrategicDirectiveFactory(code="SD-B")
        page = chairman_client.post("/sds/SD-A/edit/", FACTS | {"code": "SD-B"})
        assert page.status_code == 422


class TestActs:
    def test_a_deferral_needs_a_reason(self, chairman_client: Client) -> None:
        sd = StrategicDirectiveFactory(code="SD-A")
        refused = chairman_client.post("/sds/SD-A/defer/")
        assert refused.status_code == 422
        assert "Say why: a deferral needs a reason." in refused.text
        page = chairman_client.post("/sds/SD-A/defer/", {"reason": "<b>Later</b>"}, follow=True)
        assert "SD-A is deferred." in page.text
        assert "&lt;b&gt;Later" in page.text
        sd.refresh_from_db()
        assert sd.status == Status.DEFERRED

    def test_a_deferred_sd_is_resumed(self, chairman_client: Client) -> None:
        sd = StrategicDirectiveFactory(code="SD-A", phase="PLAN", status=Status.DEFERRED)
        chairman_client.post("/sds/SD-A/resume/")
        sd.refresh_from_db()
        assert sd.status == Status.IN_PROGRESS
        refused = chairman_client.post("/sds/SD-A/resume/")
        assert refused.status_code == 422
        assert "not deferred" in refused.text

    def test_an_archived_sd_leaves_the_list_and_keeps_its_page(
        self, chairman_client: Client
    ) -> None:
        StrategicDirectiveFactory(code="SD-A")
        page = chairman_client.post("/sds/SD-A/archive/", {"reason": "Gone."}, follow=True)
        assert "Archived" in page.text
        assert chairman_client.get("/sds/").context["page"].rows == []

    def test_the_chairman_alone_restores_what_is_archived(
        self, chairman_client: Client, operator_client: Client
    ) -> None:
        sd = StrategicDirectiveFactory(code="SD-A", phase="PLAN", status=Status.ARCHIVED)
        assert "Restore SD" in chairman_client.get("/sds/SD-A/").text
        assert "Restore SD" not in operator_client.get("/sds/SD-A/").text
        assert operator_client.post("/sds/SD-A/restore/", {"reason": "Mine."}).status_code == 403
        sent = {"reason": "The wrong one."}
        page = chairman_client.post("/sds/SD-A/restore/", sent, follow=True)
        assert "SD-A is in progress." in page.text
        sd.refresh_from_db()
        assert (sd.status, sd.phase) == (Status.IN_PROGRESS, "PLAN")

    @pytest.mark.parametrize("act", ["edit", "defer", "resume", "archive"])
    def test_looking_changes_nothing(self, chairman_client: Client, act: str) -> None:
        StrategicDirectiveFactory(code="SD-A")
        assert chairman_client.get(f"/sds/SD-A/{act}/").status_code == 200
        assert not AuditEntry.objects.exists()

    @pytest.mark.parametrize("path", ["new", "SD-A/edit", "SD-A/defer", "SD-A/archive"])
    def test_the_wrong_person_changes_nothing(self, viewer_client: Client, path: str) -> None:
        StrategicDirectiveFactory(code="SD-A")
        assert viewer_client.get(f"/sds/{path}/").status_code == 403
        sent = FACTS | {"reason": "Because."}
        assert viewer_client.post(f"/sds/{path}/", sent).status_code == 403
        assert not AuditEntry.objects.exists()
