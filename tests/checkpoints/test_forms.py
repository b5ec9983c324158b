"""Logging, starting and correcting checkpoints through their forms."""

import json
import threading
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from allocation.checkpoints.models import Checkpoint
from allocation.directives.models import Status, StrategicDirective
from allocation.usage.models import UsageRecord
from tests.checkpoints.conftest import captured
from tests.factories import CheckpointFactory, StrategicDirectiveFactory

NEW = "/checkpoints/new/"


def entry(sd: StrategicDirective, /, **values: str) -> dict[str, str]:
    given = {
        "sd": str(sd.pk),
        "kind": "lead_to_plan",
        "phase": "LEAD",
        "tokens": "24k",
        "submission": str(uuid4()),
    }
    return given | values


class TestLogging:
    def test_the_usual_entry_is_filled_in(
        self, chairman_client: Client, sd: StrategicDirective
    ) -> None:
        page = chairman_client.get(NEW)
        form = page.context["form"]
        assert (form["sd"].value(), form["kind"].value()) == (sd.pk, "lead_to_plan")
        assert form["phase"].value() == "LEAD"
        assert form.fields["tokens"].widget.attrs["autofocus"] is True

    def test_nothing_is_chosen_where_two_are_in_progress(
        self, chairman_client: Client, sd: StrategicDirective
    ) -> None:
        StrategicDirectiveFactory(code="SD-B", phase="EXEC")
        assert chairman_client.get(NEW).context["form"]["sd"].value() is None
        form = chairman_client.get(f"{NEW}?sd=SD-B").context["form"]
        assert (form["kind"].value(), form["phase"].value()) == ("sd_completion", "EXEC")

    def test_captured_tokens_and_their_mix_are_filled_in(
        self, chairman_client: Client, sd: StrategicDirective
    ) -> None:
        captured(sd, "LEAD", input=3_000, output=0, model="claude-haiku-4-5-20251001")
        captured(sd, "LEAD", input=1_000, output=0, model="claude-opus-4-5-20251101")
        form = chairman_client.get(NEW).context["form"]
        assert form["tokens"].value() == "4,000"
        assert form["mix"].value() == "haiku=75, opus=25"
        assert "4,000 were captured since the last checkpoint" in form["tokens"].help_text

    def test_the_mix_of_the_last_checkpoint_is_filled_in(
        self, chairman_client: Client, sd: StrategicDirective
    ) -> None:
        CheckpointFactory(sd=sd, mix={"sonnet": 100})
        assert chairman_client.get(NEW).context["form"]["mix"].value() == "sonnet=100"

    def test_a_checkpoint_is_logged_and_said(
        self, chairman_client: Client, sd: StrategicDirective
    ) -> None:
        sent = entry(sd, tokens="24,000", mix="Sonnet/Opus", rework_cycles="1", note="Agreed.")
        page = chairman_client.post(NEW, sent, follow=True)
        assert page.redirect_chain == [("/sds/SD-PERF-OPT-001/", 302)]
        assert (
            "Logged SD-PERF-OPT-001, LEAD to PLAN: 24,000 tokens (sonnet 50%, opus 50%). "
            "The week stands at 6%, Green:" in page.text
        )
        checkpoint = Checkpoint.objects.get()
        assert (checkpoint.tokens, checkpoint.actor) == (24_000, "chairman")
        assert checkpoint.mix == {"sonnet": 50, "opus": 50}
        sd.refresh_from_db()
        assert sd.phase == "PLAN"

    def test_one_form_logs_once(self, chairman_client: Client, sd: StrategicDirective) -> None:
        sent = entry(sd)
        for _ in range(2):
            page = chairman_client.post(NEW, sent, follow=True)
            assert page.redirect_chain == [("/sds/SD-PERF-OPT-001/", 302)]
            assert "Logged SD-PERF-OPT-001, LEAD to PLAN: 24,000 tokens." in page.text
        assert Checkpoint.objects.count() == 1

    @pytest.mark.parametrize("changed", [{"tokens": "30k"}, {"mix": "haiku"}, {"note": "More."}])
    def test_a_form_that_is_changed_after_it_has_logged_is_told_so(
        self, chairman_client: Client, sd: StrategicDirective, changed: dict[str, str]
    ) -> None:
        sent = entry(sd)
        chairman_client.post(NEW, sent, follow=True)
        page = chairman_client.post(NEW, sent | changed, follow=True)
        assert "so what it says now was not stored. Correct the checkpoint instead." in page.text
        assert "Logged SD-PERF-OPT-001" not in page.text
        assert Checkpoint.objects.get().tokens == 24_000

    def test_another_entry_in_a_form_that_has_logged_is_told_so(
        self, chairman_client: Client, sd: StrategicDirective
    ) -> None:
        sent = entry(sd)
        chairman_client.post(NEW, sent)
        other = StrategicDirectiveFactory(phase="LEAD")
        page = chairman_client.post(NEW, sent | {"sd": str(other.pk)}, follow=True)
        assert "so nothing more was logged" in page.text
        assert Checkpoint.objects.count() == 1

    @pytest.mark.parametrize(
        ("values", "field", "sentence"),
        [
            ({"tokens": ""}, "tokens", "cannot be logged without its tokens; 0 is an answer."),
            ({"tokens": "abc"}, "tokens", "“abc” is not a count of tokens"),
            ({"tokens": "-1"}, "tokens", "Tokens cannot be negative."),
            ({"tokens": "10000000000000000"}, "tokens", "more than any week can burn"),
            ({"mix": "sonnet=60"}, "mix", "adds up to 60%; it must be 100%."),
            ({"mix": "gpt"}, "mix", "“gpt” is not a tier"),
            ({"kind": "nonsense"}, "kind", "Select a valid choice"),
            ({"kind": "plan_to_exec"}, "kind", "is in LEAD; this hand-over begins in PLAN."),
            ({"phase": "EXEC"}, "kind", "so its tokens belong there and not to EXEC."),
            ({"sd": "0"}, "sd", "completed, archived or gone"),
            ({"sd": ""}, "sd", "Choose an SD."),
            ({"rework_cycles": "-1"}, "rework_cycles", "a whole number from 0 to 1,000."),
            ({"submission": "x"}, "submission", "open it anew"),
            ({"note": "a\x00b"}, "note", "Null characters"),
        ],
    )
    def test_bad_input_is_refused_beside_its_field_and_kept(
        self,
        chairman_client: Client,
        sd: StrategicDirective,
        values: dict[str, str],
        field: str,
        sentence: str,
    ) -> None:
        page = chairman_client.post(NEW, entry(sd, **({"note": "kept as typed"} | values)))
        assert page.status_code == 422
        assert sentence in " ".join(page.context["form"].errors[field])
        assert page.context["form"]["tokens"].value() == values.get("tokens", "24k")
        assert "kept as typed" in page.text or "note" in values
        assert not Checkpoint.objects.exists()

    def test_an_empty_post_is_a_wrong_one(self, chairman_client: Client) -> None:
        assert chairman_client.post(NEW).status_code == 422

    def test_another_sd_fills_in_what_nobody_touched(
        self, chairman_client: Client, sd: StrategicDirective
    ) -> None:
        other = StrategicDirectiveFactory(code="SD-B", phase="PLAN")
        captured(other, "PLAN", input=5_000, output=0)
        filled = {
            "sd": str(sd.pk),
            "kind": "lead_to_plan",
            "phase": "LEAD",
            "tokens": "",
            "mix": "",
        }
        sent = filled | {"sd": str(other.pk), "note": "mine", "submission": str(UUID(int=7))}
        sent |= {"filled": json.dumps(filled), "refill": "1"}
        page = chairman_client.post(NEW, sent, headers={"HX-Request": "true"})
        form = page.context["form"]
        assert page.status_code == 200
        assert "<html" not in page.text
        assert (form["kind"].value(), form["phase"].value()) == ("plan_to_exec", "PLAN")
        assert (form["tokens"].value(), form["note"].value()) == ("5,000", "mine")
        assert form["submission"].value() == str(UUID(int=7))
        again = sent | {"tokens": "6k", "kind": "exec_to_plan"}
        form = chairman_client.post(NEW, again).context["form"]
        assert (form["tokens"].value(), form["kind"].value()) == ("6k", "exec_to_plan")
        assert form["phase"].value() == "EXEC"
        assert not Checkpoint.objects.exists()

    @pytest.mark.parametrize("filled", ["", "x", "[]", '{"kind": 3}'])
    def test_a_broken_memory_of_the_form_harms_nothing(
        self, chairman_client: Client, sd: StrategicDirective, filled: str
    ) -> None:
        sent = entry(sd, filled=filled, refill="1", kind="nonsense", sd="9" * 30)
        assert chairman_client.post(NEW, sent).status_code == 200

    @pytest.mark.parametrize("query", ["?sd=%00", "?sd=NOPE&kind=nonsense", "?kind=plan_to_exec"])
    def test_odd_addresses_open_the_form(self, chairman_client: Client, query: str) -> None:
        assert chairman_client.get(NEW + query).status_code == 200

    def test_the_wrong_person_logs_nothing(
        self, viewer_client: Client, sd: StrategicDirective
    ) -> None:
        assert viewer_client.get(NEW).status_code == 403
        assert viewer_client.post(NEW, entry(sd)).status_code == 403
        assert viewer_client.post("/sds/SD-PERF-OPT-001/start/").status_code == 403
        assert not Checkpoint.objects.exists()

    def test_operators_may_log(self, operator_client: Client, sd: StrategicDirective) -> None:
        assert operator_client.post(NEW, entry(sd)).status_code == 302
        assert Checkpoint.objects.get().actor == "operator"

    def test_strangers_are_sent_to_sign_in(self, client: Client, db: None) -> None:
        assert client.post(NEW).url.startswith("/accounts/login/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_sd", [True, False])
def test_two_submissions_at_once_log_one_checkpoint(chairman: User, same_sd: bool) -> None:
    sds = [StrategicDirectiveFactory(code=f"SD-{n}", phase="LEAD") for n in range(2)]
    submission, statuses = str(uuid4()), []
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(chairman)

    def send(client: Client, sd: StrategicDirective) -> None:
        try:
            statuses.append(client.post(NEW, entry(sd, submission=submission)).status_code)
        finally:
            connections.close_all()

    pairs = zip(clients, [sds[0], sds[0 if same_sd else 1]], strict=True)
    threads = [threading.Thread(target=send, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [302, 302]
    assert Checkpoint.objects.count() == 1
    assert UsageRecord.objects.count() == 1


class TestStart:
    def test_two_clicks_start_an_sd_once(self, chairman_client: Client, db: None) -> None:
        StrategicDirectiveFactory(code="SD-A")
        for _ in range(2):
            page = chairman_client.post("/sds/SD-A/start/", follow=True)
            assert "Logged SD-A, SD start (LEAD)." in page.text
        assert Checkpoint.objects.get().kind == "sd_start_lead"

    def test_what_is_over_cannot_start(self, chairman_client: Client, db: None) -> None:
        StrategicDirectiveFactory(code="SD-A", status=Status.ARCHIVED)
        page = chairman_client.post("/sds/SD-A/start/", follow=True)
        assert "SD-A is archived" in page.text

    def test_starting_needs_a_post(self, chairman_client: Client, sd: object) -> None:
        assert chairman_client.get("/sds/SD-PERF-OPT-001/start/").status_code == 405


class TestCorrecting:
    @pytest.fixture
    def logged(self, chairman_client: Client, sd: StrategicDirective) -> Checkpoint:
        chairman_client.post(NEW, entry(sd, mix="sonnet"))
        return Checkpoint.objects.get()

    def test_a_correction_counts_anew(self, chairman_client: Client, logged: Checkpoint) -> None:
        url = f"/checkpoints/{logged.pk}/correct/"
        form = chairman_client.get(url).context["form"]
        assert (form["tokens"].value(), form["mix"].value()) == ("24,000", "sonnet=100")
        page = chairman_client.post(url, {"tokens": "30k", "mix": "opus"}, follow=True)
        assert "Corrected SD-PERF-OPT-001, LEAD to PLAN." in page.text
        logged.refresh_from_db()
        assert (logged.tokens, logged.mix) == (30_000, {"opus": 100})
        assert UsageRecord.objects.get().unsplit == 30_000

    @pytest.mark.parametrize("tokens", ["", "x", "10000000000000000"])
    def test_bad_input_is_refused(
        self, chairman_client: Client, logged: Checkpoint, tokens: str
    ) -> None:
        page = chairman_client.post(f"/checkpoints/{logged.pk}/correct/", {"tokens": tokens})
        assert page.status_code == 422
        assert "tokens" in page.context["form"].errors
        logged.refresh_from_db()
        assert logged.tokens == 24_000

    def test_the_wrong_person_corrects_nothing(
        self, viewer_client: Client, logged: Checkpoint
    ) -> None:
        assert viewer_client.post(f"/checkpoints/{logged.pk}/correct/", {}).status_code == 403
