"""Customer relations, by the provider that `settings.CRM_PROVIDER` names."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.ports import CrmPort

PROVIDERS = {"didar": "integrations.crm.didar.from_settings"}


def provider() -> CrmPort:
    """The CRM of this installation. Raises KeyError for one that is not known."""
    built: CrmPort = import_string(PROVIDERS[settings.CRM_PROVIDER])()
    return built
