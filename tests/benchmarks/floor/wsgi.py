"""WSGI entry point of the floor; its settings come from the environment."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
