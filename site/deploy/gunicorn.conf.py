"""gunicorn, for `manage.py up` and for production. WEB_* variables change the figures."""

import gc
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

from portal.settings.logs import LOGGING  # noqa: E402

chdir = str(ROOT)
pythonpath = f"{ROOT},{ROOT / 'site'}"
wsgi_app = "portal.wsgi"

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
keepalive = 5
timeout = 30  # longer than the ten seconds that a bank may take
graceful_timeout = 30
max_requests = 20_000
max_requests_jitter = 2_000

# Believes X-Forwarded-* only from the proxy on this machine or, in containers, from WEB_PROXIES.
forwarded_allow_ips = os.environ.get("WEB_PROXIES", "127.0.0.1,::1")
control_socket_disable = True
accesslog = None  # nginx writes it
is_demo = os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".demo")
logconfig_dict = {  # its own few lines look like those of the portal
    "root": {},
    "formatters": {"generic": LOGGING["formatters"]["plain" if is_demo else "json"]},
    "loggers": {"gunicorn.error": {"handlers": ["error_console"], "propagate": False}},
}


def post_worker_init(_worker: Any) -> None:
    """What is loaded by now stays: the collector need not go through it again, which takes 160 ms each time."""
    gc.collect()
    gc.freeze()
