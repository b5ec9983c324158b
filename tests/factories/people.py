"""Users, and what they did."""

import factory
from django.contrib.auth.models import User
from factory.django import DjangoModelFactory

from allocation.audit.models import AuditEntry
from tests.factories.base import NOW

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user-{n}")
    password = factory.django.Password(PASSWORD)


class ChairmanFactory(UserFactory):
    username = "chairman"
    is_staff = True
    is_superuser = True


class AuditEntryFactory(DjangoModelFactory):
    class Meta:
        model = AuditEntry

    at = NOW
    actor = "chairman"
    action = "floor change"
    subject = factory.Sequence(lambda n: f"floor {n}")
    before = factory.LazyFunction(lambda: {"tier": "haiku"})
    after = factory.LazyFunction(lambda: {"tier": "sonnet"})
    reason = "to try it"
