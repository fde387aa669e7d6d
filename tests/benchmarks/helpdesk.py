"""django-helpdesk beside the portal: its own environment from PyPI, on the same PostgreSQL, measured the same way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests import servers
from tests.benchmarks.load import Request, form
from tests.benchmarks.meters import settle
from tests.benchmarks.pages import Goal, Page
from tests.benchmarks.stage import WORKERS, Portal, Stage, Web, database, process, wait_until_served
from tests.benchmarks.visitors import Visitor, Visitors

NEEDS = ("django-helpdesk==2.6.1", "Django>=5.2,<5.3", "psycopg[binary]", "gunicorn")
SITE = Path(__file__).parent / "helpdesk_site"


@contextmanager
def running_helpdesk(stage: Stage, sizes: list[int], folder: str) -> Iterator[Stage]:
    """Installs it below `folder`, fills one database for each number of tickets; the same stage with it as portals."""
    python = install(folder)
    with ExitStack() as stack:
        portals = []
        for tickets in sorted(sizes):
            name = f"helpdesk_{tickets}"
            environment = _environment(database(stage.server_url, name))
            _run([python, "-m", "django", "migrate", "--verbosity=0"], environment)
            session, queue, ticket = _run([python, "peer_seed.py", str(tickets)], environment).split()[-3:]
            settle(environment["DATABASE_URL"])
            port = servers.free_port()
            command = ["-m", "gunicorn", f"--bind=127.0.0.1:{port}", f"--workers={WORKERS}", "--max-requests=0"]
            started = process([*command, "--timeout=120", "peer_wsgi"], environment, python=python, folder=SITE)
            pid = stack.enter_context(started).pid
            wait_until_served(port, "/login/")
            agent = Visitor(username="agent", session=session, device=int(queue), ticket=ticket)
            portals.append(
                Portal(
                    web=Web(port=port, pid=pid, roots=(pid, *stage.floor.roots[1:])),
                    visitors=Visitors(clinic=agent, fleet=agent, staff=agent, agent=agent),
                    devices=0,
                    database=name,
                )
            )
        yield replace(stage, portals=portals)


def install(folder: str) -> str:
    """Makes the environment; its interpreter. Raises RuntimeError with what pip said."""
    _run([sys.executable, "-m", "venv", f"{folder}/helpdesk"], os.environ)
    python = f"{folder}/helpdesk/bin/python"
    _run([python, "-m", "pip", "install", "--quiet", *NEEDS], os.environ)
    return python


def _environment(database_url: str) -> dict[str, str]:
    parts = urlsplit(database_url)
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DATABASE_URL": database_url,
        "PEER_DATABASE_HOST": host,
        "DJANGO_SETTINGS_MODULE": "peer_settings",
        "PYTHONPATH": str(SITE),
    }


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    ran = subprocess.run(command, cwd=SITE, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {ran.returncode}:\n{(ran.stdout + ran.stderr)[-3000:]}")
    return ran.stdout.strip()


def _signed_in(portal: Portal, path: str) -> Request:
    return Request(path=path, headers={"Cookie": f"sessionid={portal.visitors.agent.session}"})


def _create(portal: Portal, n: int) -> list[Request]:
    fields = {
        "queue": str(portal.visitors.agent.device),
        "title": "The mill does not start",
        "body": "It has been like this since yesterday. " * 3,
        "priority": "3",
        "submitter_email": "buyer1@example.ir",
    }
    sent = form("/tickets/submit/", fields, cookie="csrftoken", expects=302)
    cookie = f"{sent.headers['Cookie']}; sessionid={portal.visitors.agent.session}"
    return [replace(sent, headers={**sent.headers, "Cookie": cookie})] * n


def _read(name: str, path: str) -> Page:
    def requests(portal: Portal, _n: int = 0) -> list[Request]:
        return [_signed_in(portal, path.format(ticket=portal.visitors.agent.ticket))]

    return Page(name=name, requests=requests, crowd=requests, goal=Goal(kb=None))


def pages() -> list[Page]:
    """What is compared: its list is a frame, and rows that the frame asks for."""
    every = {"filtering": {}, "filtering_null": {}, "sorting": "created", "sortreverse": True, "search_string": ""}
    still_open = every | {"filtering": {"status__in": [1, 2]}}
    rows = "/datatables_ticket_list/{}?draw=1&start=0&length=25&order%5B0%5D%5Bcolumn%5D=5&order%5B0%5D%5Bdir%5D=desc"
    return [
        _read("helpdesk: list, frame", "/tickets/"),
        _read("helpdesk: list, open (25)", rows.format(_coded(still_open)) + "&search%5Bvalue%5D="),
        _read("helpdesk: list, all (25)", rows.format(_coded(every)) + "&search%5Bvalue%5D="),
        _read(
            "helpdesk: search (25)", rows.format(_coded(every | {"search_string": "spindle"})) + "&search%5Bvalue%5D="
        ),
        _read("helpdesk: detail (20)", "/tickets/{ticket}/"),
        Page(name="helpdesk: create", requests=_create, burst=30, goal=Goal()),
    ]


def _coded(query: Mapping[str, object]) -> str:
    return b64encode(json.dumps(query).encode()).decode()
