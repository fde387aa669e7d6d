"""How people are recognised: one backend, one hasher."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import Argon2PasswordHasher

from customer.models import User


class PortalArgon2Hasher(Argon2PasswordHasher):
    """Argon2id at 19 MiB, two passes, one lane (OWASP's second profile): some 30 ms of CPU, not 245."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


class PortalBackend(ModelBackend):
    """Django's own backend; brings the buyer along with the user in one query."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("buyer").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
