"""Clients for each role, and a quick way to burn tokens."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from allocation.access import OPERATORS
from allocation.usage.operations import rebuild_hours
from tests.factories import NOW, UsageRecordFactory


@pytest.fixture
def operator_client(operator: User) -> Client:
    """Django's test client, signed in as somebody who may log."""
    operator.groups.add(Group.objects.get_or_create(name=OPERATORS)[0])
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def burn() -> Callable[..., None]:
    """So many input tokens of Sonnet 4.5, which weighs 1."""

    def use(tokens: int, at: datetime = NOW, **columns: object) -> None:
        record = UsageRecordFactory(**{"input": tokens, "output": 0, "at": at, **columns})
        rebuild_hours([record.hour])

    return use
