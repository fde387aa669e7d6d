"""One table, of the size of a row in a list."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Row(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True)
    number = models.IntegerField(db_index=True)
    title = models.CharField(max_length=80)
    status = models.CharField(max_length=10, default="active")
    amount_rial = models.BigIntegerField(default=0)
    starts_on = models.DateField()
    ends_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        app_label = "floor"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title
