"""Who steers beside the Chairman."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from tests.factories import UserFactory


@pytest.fixture
def operator_client(db: None) -> Client:
    """A member of the group that logs checkpoints and manages SDs."""
    user = UserFactory(username="operator")
    user.groups.add(Group.objects.get_or_create(name="operator")[0])
    client = Client()
    client.force_login(user)
    return client
