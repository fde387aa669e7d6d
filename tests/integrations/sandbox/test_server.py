import http.client
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from integrations.sandbox.server import start

from .test_zarinpal import SESSION, at_the_bank, call, open_session

ROOT = Path(__file__).parents[3]


def test_state_is_empty_at_first_and_after_a_reset(sandbox):
    empty = {
        "sms": [],
        "whatsapp": [],
        "didar": {"contacts": [], "deals": [], "activities": []},
        "payments": [],
        "licences": [],
    }
    assert requests.get(f"{sandbox.url}/__state", timeout=5).json() == empty
    open_session(sandbox)
    sandbox.arm("didar", "http_500")
    sandbox.turn({"didar.reply": "nested"})

    assert requests.post(f"{sandbox.url}/__reset", timeout=5).json() == {"reset": True}

    assert sandbox.snapshot() == empty
    assert sandbox.dial.armed() == []
    assert sandbox.providers["didar"].switched["reply"] == "flat"


def test_reset_keeps_the_switches_it_was_started_with():
    with start(switches={"didar.reply": "nested"}) as sandbox:
        sandbox.reset()
        assert sandbox.providers["didar"].switched["reply"] == "nested"


def test_several_run_at_once(sandbox):
    with start() as other:
        open_session(other)
        assert other.port != sandbox.port
        assert (len(other.snapshot()["payments"]), len(sandbox.snapshot()["payments"])) == (1, 0)


def test_switches_are_listed_and_checked(sandbox):
    address = f"{sandbox.url}/__switches"

    assert requests.post(address, json={"didar.reply": "nested"}, timeout=5).json()["didar.reply"]["now"] == "nested"
    wrong = requests.post(address, json={"didar.reply": "flat", "didar.nothing": "x"}, timeout=5)

    assert wrong.status_code == 400
    assert requests.get(address, timeout=5).json()["didar.reply"] == {"now": "nested", "choices": ["flat", "nested"]}


def test_unknown_addresses_and_methods(sandbox):
    assert requests.get(f"{sandbox.url}/nothing", timeout=5).status_code == 404
    assert "/zarinpal/" in requests.get(f"{sandbox.url}/nothing", timeout=5).json()["known"]
    assert requests.post(f"{sandbox.url}/__state", timeout=5).status_code == 405
    assert requests.get(f"{sandbox.url}/zarinpal/pg/v4/payment/request.json", timeout=5).status_code == 405
    assert call(sandbox, "nothing").status_code == 404


def test_one_connection_serves_many_calls(sandbox):
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=5)
    sockets = set()
    for _ in range(5):
        connection.request("POST", "/zarinpal/pg/v4/payment/request.json", body=b"not json " * 100)
        assert connection.getresponse().read()
        sockets.add(connection.sock.getsockname())
    connection.close()

    assert len(sockets) == 1


@pytest.mark.parametrize("headers", [{"Content-Length": "2000000"}, {"Transfer-Encoding": "chunked"}])
def test_bodies_without_a_fair_length_are_refused(sandbox, headers):
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=5)
    connection.putrequest("POST", "/didar/deal/save")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()

    assert (answer.status, answer.getheader("Connection")) == (413, "close")
    connection.close()


def test_parallel_calls_lose_nothing(sandbox):
    with ThreadPoolExecutor(16) as pool:
        authorities = list(pool.map(lambda _: open_session(sandbox), range(120)))
        answers = list(pool.map(lambda one: at_the_bank(sandbox, one, result="paid").status_code, authorities))

    assert len(set(authorities)) == 120
    assert set(answers) == {302}
    assert {row["status"] for row in sandbox.snapshot()["payments"]} == {"paid"}


def test_stop_drops_what_is_held():
    sandbox = start()
    sandbox.arm("zarinpal", "timeout_before")
    seen = []

    def ask():
        try:
            call(sandbox, "request", **SESSION)
        except requests.ConnectionError as error:
            seen.append(error)

    client = threading.Thread(target=ask)
    client.start()
    while not sandbox._listener._connections:
        time.sleep(0.01)
    began = time.monotonic()
    sandbox.stop()
    client.join()
    sandbox.stop()

    assert len(seen) == 1
    assert time.monotonic() - began < 2
    assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]


def test_port_that_is_taken_is_an_error(sandbox):
    with pytest.raises(OSError):
        start(port=sandbox.port)


def test_front_page_tells_the_story_newest_first(sandbox):
    open_session(sandbox, description="سفارش نخست")
    open_session(sandbox, description="<script>دوم</script>")
    sandbox.arm("kavenegar", "refused_number", times=2)

    page = requests.get(f"{sandbox.url}/", timeout=5).text
    story = requests.get(f"{sandbox.url}/__story", timeout=5).text

    assert story in page
    assert '<html lang="fa" dir="rtl">' in page
    assert story.index("&lt;script&gt;دوم") < story.index("سفارش نخست")
    assert "۲ بار" in story
    assert "هنوز معامله‌ای ثبت نشده است." in story
    assert "style=" not in page
    assert "<script>" not in page


def test_front_page_serves_its_own_files(sandbox):
    for name, kind in (("style.css", "text/css"), ("live.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        assert requests.get(f"{sandbox.url}/{name}", timeout=5).headers["Content-Type"].startswith(kind)
    assert requests.get(f"{sandbox.url}/font/Estedad-Regular.ttf", timeout=5).headers["Content-Type"] == "font/ttf"
    assert requests.get(f"{sandbox.url}/font/Other.ttf", timeout=5).status_code == 404


def test_dial_works_as_a_form(sandbox):
    form = {"choice": "didar:delay", "times": "2", "seconds": "", "match": ""}

    answer = requests.post(f"{sandbox.url}/__faults", data=form, allow_redirects=False, timeout=5)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    [fault] = sandbox.dial.armed()
    assert (fault["fault"], fault["times"], fault["seconds"]) == ("delay", 2, 3.0)
    reset = requests.post(f"{sandbox.url}/__reset", data={"from": "page"}, allow_redirects=False, timeout=5)
    assert reset.status_code == 303


@pytest.mark.parametrize("command", [["-m", "integrations.sandbox"], ["manage.py", "sandbox"]])
def test_command_serves_until_it_is_told_to_end(command):
    process = subprocess.Popen(
        [sys.executable, *command, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        url = process.stdout.readline().removeprefix("Sandbox: ").strip()
        assert requests.get(f"{url}__state", timeout=5).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")


def test_server_needs_no_django():
    code = "import sys, integrations.sandbox.server; print(*[name for name in sys.modules if name == 'django'])"

    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == ""


def test_command_says_when_its_port_is_taken(sandbox):
    command = [sys.executable, "-m", "integrations.sandbox", "--port", str(sandbox.port)]

    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 1
    assert "cannot listen" in found.stderr
