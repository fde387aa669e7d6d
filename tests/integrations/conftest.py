import pytest

from .scripted import ScriptedServer


@pytest.fixture
def serve(settings):
    """Starts scripted servers which the product may call; they end with the test."""
    started = []

    def start(script, **options):
        server = ScriptedServer(script, **options)
        started.append(server)
        settings.OUTBOUND_HOSTS = {*settings.OUTBOUND_HOSTS, server.host}
        return server

    yield start
    for server in started:
        server.stop()
