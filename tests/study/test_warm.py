"""Commands in processes forked from a server: as `python -m` in all that can be seen of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from datnet_study import warm
from datnet_study.warm import ADDRESS, serving

ROOT = Path(__file__).parents[2]
SEEN = """
import json, os, sys
print("on the way", file=sys.stderr)
seen = {"file": sys.argv[0], "arguments": sys.argv[1:], "name": __name__, "folder": os.getcwd(),
        "word": os.environ.get("WORD"), "first": sys.path[0], "input": sys.stdin.read(),
        "parent": os.getppid()}
if "torch" in sys.modules or "--threads" in sys.argv:
    import torch
    seen["threads"] = torch.get_num_threads()
print(json.dumps(seen))
"""
ENDS = """
import atexit, sys, threading, time
atexit.register(print, "the end")
threading.Thread(target=lambda: time.sleep(0.2) or print("a thread")).start()
how = sys.argv[1]
if how == "error":
    raise ValueError("nothing is right")
sys.exit({"code": 3, "words": "in words"}.get(how))
"""
WAITS = """
import os, signal, sys, time
try:
    print(os.getpid(), flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(7)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with three modules to run."""
    there = tmp_path_factory.mktemp("modules")
    for name, text in {"seen": SEEN, "ends": ENDS, "waits": WAITS}.items():
        (there / f"{name}.py").write_text(text)
    return there


@pytest.fixture(scope="module")
def served():
    """Environment of processes that find a server, which has imported next to nothing."""
    with serving({"PYTHONPATH": str(ROOT)}, ["json"]) as environment:
        yield environment | {"PYTHONPATH": str(ROOT)}


def without(environment):
    """The same environment with no server in it."""
    return {name: value for name, value in environment.items() if name != ADDRESS}


def line(*command):
    return [sys.executable, "-m", "datnet_study.warm", *command]


def ran(environment, folder, *command, **options):
    return subprocess.run(
        line(*command), env=environment, cwd=folder, text=True, capture_output=True, check=False,
        **options,
    )  # fmt: skip


@pytest.fixture
def waiting(served, folder):
    """A command that waits, and its process, forked from the server."""
    with subprocess.Popen(
        line("waits"), env=served, cwd=folder, text=True, stdout=subprocess.PIPE
    ) as asks:
        forked = psutil.Process(int(asks.stdout.readline()))
        assert forked.pid != asks.pid
        yield asks, forked
        asks.kill()


def has_ended(process):
    """Whether a process ends within seconds."""
    for _ in range(500):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def test_a_command_sees_what_it_would_see_in_a_process_of_its_own(served, folder):
    environment = served | {"WORD": "näh"}
    command = ("seen", "a b", "--c")
    warm = ran(environment, folder, *command, input="a line")
    cold = ran(without(environment), folder, *command, input="a line")
    assert (warm.returncode, warm.stderr) == (cold.returncode, cold.stderr) == (0, "on the way\n")
    warm, cold = json.loads(warm.stdout), json.loads(cold.stdout)
    assert warm.pop("parent") != cold.pop("parent") == os.getpid()
    assert warm == cold
    assert (warm["arguments"], warm["folder"]) == (["a b", "--c"], str(folder))
    assert (warm["word"], warm["input"], warm["name"]) == ("näh", "a line", "__main__")


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("well", 0, ""),
        ("code", 3, ""),
        ("words", 1, "in words\n"),
        ("error", 1, "nothing is right"),
    ],
)
def test_a_command_ends_as_in_a_process_of_its_own(served, folder, how, code, said):
    for environment in (served, without(served)):
        done = ran(environment, folder, "ends", how)
        assert (done.returncode, done.stdout) == (code, "a thread\nthe end\n")
        assert said in done.stderr


def test_an_interrupt_reaches_the_command(waiting):
    asks, forked = waiting
    asks.send_signal(signal.SIGINT)
    assert asks.wait(10) == 7
    assert has_ended(forked)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_ends_with_the_one_who_asked_for_it(waiting, number):
    asks, forked = waiting
    asks.send_signal(number)
    assert has_ended(forked)


def test_a_killed_command_is_no_success(waiting):
    asks, forked = waiting
    forked.kill()
    assert asks.wait(10) == 1


def test_nothing_outlives_a_killed_study(folder, tmp_path):
    code = (
        "import subprocess, sys; from datnet_study.warm import serving\n"
        "with serving({}, ['json']) as environment: subprocess.run(sys.argv[1:], env=environment)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code, *line("waits")],
        env=environment, cwd=folder, text=True, stdout=subprocess.PIPE,
    ) as study:  # fmt: skip
        forked = psutil.Process(int(study.stdout.readline()))
        server = forked.parent()
        assert server.ppid() == study.pid
        study.kill()
        assert has_ended(server) and has_ended(forked)
    assert not list(tmp_path.iterdir())


def test_another_user_is_not_served(monkeypatch):
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert warm._ours(one)
        monkeypatch.setattr(os, "getuid", lambda: -1)
        assert not warm._ours(one)


def test_a_command_runs_by_itself_where_the_server_has_ended(folder):
    with serving({"PYTHONPATH": str(ROOT)}, ["json"]) as environment:
        assert environment[ADDRESS].startswith("datnet-")
    done = ran(environment | {"PYTHONPATH": str(ROOT)}, folder, "ends", "code")
    assert (done.returncode, done.stdout) == (3, "a thread\nthe end\n")


def test_a_command_runs_by_itself_where_the_server_cannot_import(folder):
    with serving({"PYTHONPATH": str(ROOT)}, ["no_such_library"]) as environment:
        done = ran(environment | {"PYTHONPATH": str(ROOT)}, folder, "ends", "code")
    assert (done.returncode, done.stdout) == (3, "a thread\nthe end\n")


def test_threads_are_those_of_the_command_and_not_of_the_server(folder):
    with serving({"PYTHONPATH": str(ROOT)}, ["torch"]) as environment:
        for number in ("1", "2"):
            given = environment | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": number}
            done = ran(given, folder, "seen", "--threads", input="")
            assert json.loads(done.stdout)["threads"] == int(number), done.stderr
