"""What is said to a request that asks in the wrong way."""

import logging

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_an_address_that_takes_forms_only_says_so(chairman_client: Client) -> None:
    answer = chairman_client.get("/budget/switch/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "This address only takes what a form sends" in answer.text


def test_the_api_refuses_in_its_own_words(client: Client) -> None:
    answer = client.delete("/api/v1/status")
    assert answer.status_code == 405
    assert "<html" not in answer.text


def test_a_wrong_host_is_one_line_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400
    (record,) = [each for each in caplog.records if each.name == "django.security.DisallowedHost"]
    assert "elsewhere.example" in record.getMessage()
    assert (record.levelno, record.exc_info) == (logging.ERROR, None)
