"""`budgetctl override`: for one SD, for one run."""

from allocation.floors.models import Override
from tests.cli.conftest import Cli
from tests.factories import ChairmanFactory, StrategicDirectiveFactory


def test_an_override_may_be_for_one_run_of_an_sd(cli: Cli) -> None:
    ChairmanFactory()
    StrategicDirectiveFactory(code="SD-A")
    given = ("override", "DOCMON", "opus", "--reason", "A release", "--sd", "sd-a", "--one-run")
    ran = cli(*given, "--json")
    assert ran.code == 0
    (one,) = ran.json["overrides"]
    assert (one["sd"], one["uses_left"]) == ("SD-A", 1)
    assert (Override.objects.get().sd_code, Override.objects.get().uses_left) == ("SD-A", 1)
    assert "DOCMON in all phases for SD-A, one run, runs on opus" in cli("override").out


def test_an_sd_that_is_not_there_is_refused(cli: Cli) -> None:
    ran = cli("override", "DOCMON", "opus", "--reason", "x", "--sd", "SD-NONE")
    assert ran.code == 1
    assert "There is no SD called" in ran.err
