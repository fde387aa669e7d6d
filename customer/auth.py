"""How people are recognised: one backend, one hasher."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Permission

from customer.models import User


class PortalArgon2Hasher(Argon2PasswordHasher):
    """Argon2id at 19 MiB, two passes, one lane (OWASP's second profile): some 30 ms of CPU, not 245."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


class PortalBackend(ModelBackend):
    """Django's own backend, with fewer queries: a user brings buyer and profile along, permissions come in one."""

    def get_user(self, user_id: int) -> User | None:
        try:
            user = User.objects.select_related("buyer", "wagtail_userprofile").get(pk=user_id)
        except User.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """As Django's: one's own permissions and those of one's groups, kept on the user."""
        is_known = hasattr(user_obj, "_perm_cache")
        if is_known or obj is not None or user_obj.is_anonymous or user_obj.is_superuser or not user_obj.is_active:
            return super().get_all_permissions(user_obj, obj)
        names = ("content_type__app_label", "codename")
        own, shared = (
            Permission.objects.filter(**{owner: user_obj}).order_by().values_list(*names)
            for owner in ("user", "group__user")
        )
        user_obj._perm_cache = {f"{app}.{codename}" for app, codename in own.union(shared)}
        return user_obj._perm_cache
