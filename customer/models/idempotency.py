"""Idempotency of the REST face: the first answer of a key is kept and given again."""

from __future__ import annotations

from django.db import models

from customer.models.buyer import User
from kernel.fields import EncryptedTextField


class IdempotentRequest(models.Model):
    """One `Idempotency-Key` of one person, with the request's hash and, once there is one, its answer.

    Without an answer the request is under way until `lease_until`; after that its attempt counts as lost. The answer
    is sealed, since it may carry personal data.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    body = EncryptedTextField(blank=True)
    created_at = models.DateTimeField()
    lease_until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return self.key
