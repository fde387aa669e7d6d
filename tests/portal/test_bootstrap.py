"""`up` and `test` from a bare machine."""

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal import bootstrap, processes
from portal.bootstrap import Trouble
from tests.clone import clone_into, two_free_ports

ROOT = Path(__file__).resolve().parents[2]


def run(command, **options):
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)


# --- what must be there --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("module", ["bootstrap.py", "processes.py", "__init__.py"])
def test_bootstrap_imports_the_standard_library_only(module):
    tree = ast.parse((ROOT / "site" / "portal" / module).read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]

    strangers = {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert strangers <= {"portal"}


def test_bootstrap_stays_short():
    assert len((ROOT / "site" / "portal" / "bootstrap.py").read_text().splitlines()) < 250


def test_old_python_is_told_what_it_needs():
    pretend = "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['manage.py', 'up']; "
    script = "runpy.run_path('manage.py', run_name='__main__')"
    answer = run([sys.executable, "-c", pretend + script], cwd=ROOT)

    assert answer.returncode == 1
    assert answer.stderr.strip() == ("Python 3.11, 3.12 or 3.13 is needed; this is 3.9. E.g.: python3.12 manage.py up")


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_untried_python_is_refused(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))

    with pytest.raises(Trouble, match=r"3\.11, 3\.12 or 3\.13"):
        bootstrap.check_python()


def test_missing_ensurepip_names_the_package_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "bin" / "python")
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(Trouble, match=r"sudo apt install python3\.\d+-venv"):
        bootstrap.make_environment()


def test_busy_port_is_named_with_a_way_out():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=rf"Port {port} cannot be used(.|\n)*--port 8100"):
            bootstrap.check_port(port, asked=8000)


def test_impossible_port_is_named():
    with pytest.raises(Trouble, match="70000 is not a port"):
        bootstrap.check_port(70000, asked=70000)


def test_unknown_command_without_packages_points_to_up(tmp_path):
    shutil.copy(ROOT / "manage.py", tmp_path)
    bare = Path(sys._base_executable)
    answer = run([bare, "-I", "-S", "manage.py", "migrate"], cwd=tmp_path)

    assert (answer.returncode, answer.stderr.strip()) == (1, "Nothing is installed yet. First: python3 manage.py up")


def test_test_requirements_hold_every_pin_of_the_others():
    def pins(name):
        return set(re.findall(r"^([\w.\[\],-]+==[^\s;]+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-test.txt")


# --- once only -----------------------------------------------------------------------------------------------------
@pytest.fixture
def commands(monkeypatch, tmp_path):
    """The commands that bootstrap ran in an empty place; `answer` is their exit code."""
    ran = []

    def run(command, **options):
        ran.append([str(word) for word in command[1:]])
        return subprocess.CompletedProcess(command, run.answer)

    run.answer = 0
    run.ran = ran
    monkeypatch.setattr(bootstrap, "VAR", tmp_path / "var")
    monkeypatch.setattr(bootstrap, "DEMO_DATABASE", tmp_path / "var" / "demo.sqlite3")
    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    return run


def test_each_step_is_done_once(commands):
    bootstrap.once("database", "state 1", {}, ["migrate"])
    bootstrap.once("database", "state 1", {}, ["migrate"])
    bootstrap.once("database", "state 2", {}, ["migrate"])

    assert commands.ran == [["manage.py", "migrate"]] * 2


def test_failed_step_is_told_and_done_again(commands):
    commands.answer = 1
    with pytest.raises(Trouble, match=r"`manage\.py migrate` failed"):
        bootstrap.once("database", "state 1", {}, ["migrate"])
    commands.answer = 0
    bootstrap.once("database", "state 1", {}, ["migrate"])

    assert len(commands.ran) == 2


def test_deleted_database_is_made_and_filled_again(commands):
    def steps(**options):
        commands.ran.clear()
        bootstrap.prepare({}, **options)
        return [command[1] for command in commands.ran]

    everything = ["build_fonts", "collectstatic", "migrate", "load_demo"]
    assert steps(demo=False) == everything[:3]
    bootstrap.DEMO_DATABASE.touch()
    assert steps(demo=True) == ["load_demo"]
    assert steps(demo=True) == []
    bootstrap.DEMO_DATABASE.unlink()
    assert steps(demo=True) == ["migrate", "load_demo"]


def test_nothing_is_installed_while_the_stamp_holds(commands, monkeypatch, tmp_path):
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "PYTHON": tmp_path / "python"}.items():
        monkeypatch.setattr(bootstrap, name, value)
    (tmp_path / ".venv").mkdir()
    (tmp_path / "python").touch()
    (tmp_path / "requirements.txt").write_text("one==1")
    (tmp_path / "requirements-test.txt").write_text("one==1\ntwo==2")

    bootstrap.install("requirements-test.txt")
    assert "--require-hashes" in commands.ran[-1]
    commands.ran.clear()
    bootstrap.install("requirements-test.txt")
    bootstrap.install("requirements.txt")  # the test's file holds it whole
    assert commands.ran == []
    (tmp_path / "requirements.txt").write_text("one==2")
    bootstrap.install("requirements.txt")
    assert commands.ran


# --- living and ending together ------------------------------------------------------------------------------------
FAMILY = """
import subprocess, sys
sys.path.insert(0, "site")
from pathlib import Path
from portal.processes import Together
together = Together(folder=Path("."), environment={})
grandchild = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)  # FAMILY'])"
together.start("calm", [sys.executable, "-c", grandchild])
together.start("brief", [sys.executable, "-c", "import time, sys; time.sleep(%s); sys.exit(3)"])
try:
    print("up", flush=True)
    print(together.watch(), flush=True)
finally:
    together.end_all()
"""


def family(tmp_path, *, brief_seconds):
    """Starts a family of processes whose members can be counted by a word of their own."""
    mark = f"FAMILY-{tmp_path.name}"
    script = (FAMILY % brief_seconds).replace("FAMILY", mark)
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "up\n"
    return parent, mark


def living(mark):
    """Ids of the processes whose command line holds the word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words:
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at /proc")
class TestTogether:
    def test_end_of_one_child_ends_all_and_names_it(self, tmp_path):
        parent, mark = family(tmp_path, brief_seconds=0.5)
        said, _ = parent.communicate(timeout=20)

        assert said == "['brief (exit code 3)']\n"
        assert living(mark) == []

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_signal_ends_grandchildren_too(self, tmp_path, number):
        parent, mark = family(tmp_path, brief_seconds=60)
        deadline = time.monotonic() + 10
        while len(living(mark)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        parent.send_signal(number)
        said, _ = parent.communicate(timeout=20)

        assert said == "[]\n"
        assert living(mark) == []


@pytest.mark.slow
def test_up_serves_at_once_the_second_time_and_leaves_nothing_behind(tmp_path):
    """The whole command in a copy of the tree, with the packages that are already here."""
    clone_into(tmp_path)
    port = two_free_ports()

    first = run_up(tmp_path, port)
    second = run_up(tmp_path, port)

    assert "Preparing: database" in first
    for line in ["portal-demo", "sara  reza  mina  omid", f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port + 1}/"]:
        assert line in first
    assert "Preparing" not in second
    assert "Installing" not in first + second
    assert living(str(tmp_path)) == []


def run_up(folder, port):
    """Starts `up`, waits until it greets, looks at both addresses, ends it by Ctrl-C; returns what it said."""
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PYTHONPATH"}}
    command = [folder / ".venv" / "bin" / "python", "manage.py", "up", "--port", str(port)]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    said = ""
    with subprocess.Popen(command, cwd=folder, env=environment, **pipe) as up:
        for line in up.stdout:
            said += line
            if "Ctrl-C ends everything" in line:
                assert processes.answers(port, "/readyz")
                assert processes.answers(port + 1, "/")
                up.send_signal(signal.SIGINT)
    assert up.returncode == 0, said
    return said
