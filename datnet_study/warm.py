"""Processes that start warm: forked from one that has imported the large libraries.

PyTorch and its like take some seconds to import, which is most of the time of a small job. So
`make study` starts a server (`serving`) that imports them once, in one thread, and forks itself for
each job and each kernel of a page. In front of a command stands this module,

    python -m datnet_study.warm MODULE ARGUMENTS...

which does what `python -m MODULE ARGUMENTS...` does, in a process forked from the server where one
is running, else in its own. The forked process has directory, environment, input and output of the
one that asks, which waits for it, passes on interrupts and ends with its exit code. Nothing of the
project is imported by the server, so a change of its code counts from the next job on.

The system ends the forked processes with the server, and the server with the process that started
it, even where that is killed; a forked process ends with the one that asked for it.
"""

import json
import os
import signal
import socket
import struct
import sys
from contextlib import contextmanager, suppress

ADDRESS = "DATNET_WARM"  # environment variable that holds the name of the server's socket
LIBRARIES = (
    "torch", "lightning_fabric", "pandas", "pydantic", "scipy.stats", "sklearn.linear_model",
    "seaborn", "nibabel", "nilearn.plotting", "papermill", "jupytext", "ipykernel.ipkernel",
)  # fmt: skip
ABSTRACT = "\0"  # begins names of sockets that are no files: nothing is left where all is killed
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid of the other end, see unix(7)
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


@contextmanager
def serving(variables, libraries=LIBRARIES):
    """Context with a server, and in it the environment in which commands find the server.

    Parameters
    ----------
    variables : dict
        Environment variables that the libraries find when they are imported; None takes one away.
    libraries : sequence of str
        What the server imports.

    Yields
    ------
    dict
        Environment variables, for the processes that are to start warm.
    """
    import secrets
    import subprocess

    given = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} | variables
    given = {name: value for name, value in given.items() if value is not None}
    address = f"datnet-{secrets.token_hex(16)}"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(ABSTRACT + address)
        door.listen(128)
        code = "import sys; from datnet_study.warm import serve; serve(*sys.argv[1:])"
        line = [sys.executable, "-c", code, str(door.fileno()), str(os.getpid()), *libraries]
        server = subprocess.Popen(
            line,
            env=given,
            pass_fds=[door.fileno()],
            start_new_session=True,  # Ctrl-C reaches the jobs through those who ask
        )
    try:
        yield os.environ | {ADDRESS: address}
    finally:
        server.kill()
        server.wait()


def serve(door, parent, *libraries):
    """Import libraries, and fork for each who asks until the parent ends; see `serving`.

    Parameters
    ----------
    door, parent : str
        File descriptor of the listening socket, and id of the process that started this one.
    *libraries : str
        What to import first.
    """
    import atexit
    import gc
    import importlib

    _end_with(int(parent))
    end = {}  # how a forked process ends: code and whom to tell
    atexit.register(_tell, end)  # before any other, so after all others
    for name in libraries:
        importlib.import_module(name)
    gc.freeze()  # what the forked processes share is not looked through, so it stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets those that have ended
    server, door = os.getpid(), socket.socket(fileno=int(door))
    while True:
        asked, _ = door.accept()
        try:
            files = socket.recv_fds(asked, 1, 3)[1] if _ours(asked) else []
        except ConnectionError:  # it was killed meanwhile
            files = []
        if len(files) == 3 and os.fork() == 0:
            break
        for file in (asked.detach(), *files):
            os.close(file)
    door.close()
    _end_with(server)
    end |= {"asked": asked, "code": 1}
    try:
        _become(asked, files)
        end["code"] = 0
    except SystemExit as stop:
        end["code"] = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        raise


def _ours(asked):
    """Whether the other end belongs to the same user: others may know the name of a socket."""
    told = asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return CREDENTIALS.unpack(told)[1] == os.getuid()


def _become(asked, files):
    """Run a command in this process, just forked, as the one who asked would."""
    import threading

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for k, file in enumerate(files):
        os.dup2(file, k)
        os.close(file)
    asked.send(os.getpid().to_bytes(4, "little"))
    command, folder, variables = json.loads(asked.makefile().readline())
    threading.Thread(target=_watch, args=[asked], daemon=True).start()
    os.chdir(folder)
    os.environ.clear()
    os.environ |= variables
    _threads(int(variables.get("OMP_NUM_THREADS", 1)))
    sys.path[0] = folder
    _run(command)


def _watch(asked):
    """End this process as soon as the one who asked for it has."""
    asked.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def _threads(number):
    """Number of threads, which libraries read from the environment when they are imported."""
    if "torch" in sys.modules and number > 1:
        import torch
        from threadpoolctl import threadpool_limits

        torch.set_num_threads(number)
        threadpool_limits(number)


def _tell(end):
    """Tell the one who asked with which code this process ends, and end it."""
    if end:
        sys.stdout.flush()
        sys.stderr.flush()
        end["asked"].send(bytes([end["code"] % 256]))
        os._exit(end["code"] % 256)


def _end_with(parent):
    """Let the system end this process with its parent."""
    import ctypes

    ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended just now
        os._exit(1)


def _run(command):
    """Do what `python -m` does with a module and its arguments."""
    import runpy

    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def main(command):
    """Run a command in a process forked from the server, or in this one if there is no server."""
    request = json.dumps([command, os.getcwd(), dict(os.environ)])  # noqa: PTH109, pathlib is large
    asked, forked = socket.socket(socket.AF_UNIX), b""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # until it can be passed on
    with suppress(KeyError, OSError):  # also where the server has just ended
        asked.connect(ABSTRACT + os.environ[ADDRESS])
        socket.send_fds(asked, [b" "], [0, 1, 2])
        asked.sendall(request.encode() + b"\n")
        forked = asked.recv(4)
    if not forked:
        asked.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        return _run(command)
    _end_with(os.getppid())
    forked = int.from_bytes(forked, "little")
    signal.signal(signal.SIGINT, lambda number, _: os.kill(forked, number))
    signal.pthread_sigmask(signal.SIG_SETMASK, held)
    code = asked.recv(1)
    sys.exit(code[0] if code else f"\n{' '.join(command)} was killed\n")


if __name__ == "__main__":
    main(sys.argv[1:])
