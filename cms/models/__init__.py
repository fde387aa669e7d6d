"""Pages and site settings."""

from cms.models.home import HomePage
from cms.models.settings import PortalSettings

__all__ = ["HomePage", "PortalSettings"]
