"""Start, find, reset and stop the local AWS.

One server a repository: its state stands in `build/.local/server.json`, so that a later command finds it. The emulator runs
in an environment of its own (`.venv-emulator`, made by `make install`), since it pins botocore; it listens on 127.0.0.1
alone, on a port that was free, and outlives the command that started it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

VERSION = "1.5.33"
"""The MiniStack that the overlay is written for."""

_ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class LocalAwsError(Exception):
    """The local AWS cannot be started, found, reset or stopped; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a server is to be.

    ``minute_seconds``: how long a minute of monitoring time and of alarm periods lasts; ``change_set_seconds``: how long each
    nested change set takes to settle; ``resource_seconds``: how long each
    resource takes; ``page_size``: changes, events and stacks on a page; ``auth``: enforce IAM policies and signatures;
    ``persist``: keep all data over a stop; ``stack_sets`` of an account, ``stack_instances`` of a set, and how many of them may be worked on
    at once: quotas.
    """

    minute_seconds: float = 60.0
    resource_seconds: float = 0.0
    change_set_seconds: float = 0.01
    page_size: int = 100
    auth: bool = False
    persist: bool = False
    stack_sets: int = 1_000
    stack_instances: int = 100_000
    stack_instances_at_once: int = 10_000


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that answers. ``started`` in seconds since the epoch."""

    pid: int
    port: int
    version: str
    started: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, kw_only=True)
class LocalAws:
    """``folder`` holds state, log and data (``TAPLINE_LOCAL`` names another one); ``interpreter`` is the Python that MiniStack is installed for."""

    folder: Path = field(default_factory=lambda: Path(os.environ.get("TAPLINE_LOCAL") or _ROOT / "build" / ".local"))
    interpreter: Path | None = None

    @property
    def log(self) -> Path:
        return self.folder / "emulator.log"

    def start(self, options: Options = Options()) -> Running:
        """The running server, started if there is none. Two who start at once get the same one.

        Raises:
            LocalAwsError: not installed, of another version, or it ends before it answers.
        """
        python = self._python()
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if found := self.status():
                return found
            port = _free_port()
            process = self._launch(python, port, options)
            running = Running(pid=process.pid, port=port, version=VERSION, started=time.time())
            self._wait_for(process, running)
            _write(self._state, json.dumps(asdict(running)))
            return running

    def status(self) -> Running | None:
        """The running server, None where there is none; what a dead one left behind is cleared away."""
        try:
            running = Running(**json.loads(self._state.read_text()))
        except FileNotFoundError:
            return None
        except (TypeError, ValueError):
            running = None
        if running and _is_ours(running.pid) and _healthy(running):
            return running
        self._state.unlink(missing_ok=True)
        return None

    def reset(self) -> Running:
        """Forget everything that the running server holds.

        Raises:
            LocalAwsError: nothing runs.
        """
        running = self.status()
        if running is None:
            raise LocalAwsError("the local AWS is not running: start it with 'python -m deploy local start'")
        for method, path in (("POST", "/_ministack/reset"), ("DELETE", "/_tapline/faults")):
            request = urllib.request.Request(running.url + path, method=method, data=b"" if method == "POST" else None)  # noqa: S310
            with urllib.request.urlopen(request, timeout=60):  # noqa: S310 - our own loopback address
                pass
        return running

    def stop(self) -> Running | None:
        """Stop the server, politely and then not; the one that ran, None where there was none."""
        with self._alone() if self.folder.exists() else contextlib.nullcontext():
            running = self.status()
            if running:
                _end(running.pid)
            self._state.unlink(missing_ok=True)
            return running

    @property
    def _state(self) -> Path:
        return self.folder / "server.json"

    def _python(self) -> Path:
        given = os.environ.get("TAPLINE_EMULATOR_PYTHON")
        python = self.interpreter or (Path(given) if given else _ROOT / ".venv-emulator" / "bin" / "python")
        if not python.exists():
            raise LocalAwsError(f"the local AWS is not installed ({python} does not exist): run 'make install'")
        return python

    def _launch(self, python: Path, port: int, options: Options) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [str(python), "-m", "overlay"],
                cwd=_HERE,
                env=self._environment(port, options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self, port: int, options: Options) -> dict[str, str]:
        """Of the caller's own environment only what a process needs: no AWS settings, no proxies."""
        kept = {name: value for name in ("HOME", "LANG", "PATH", "TMPDIR", "TZ") if (value := os.environ.get(name))}
        return {
            **kept,
            "BIND_HOST": "127.0.0.1",
            "DOCKER_HOST": "unix:///nonexistent.sock",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "MINISTACK_HOST": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            "S3_DATA_DIR": str(self.folder / "s3"),
            "SFTP_ENABLED": "0",
            "STATE_DIR": str(self.folder / "state"),
            "TAPLINE_MINUTE_SECONDS": str(options.minute_seconds),
            "TAPLINE_PAGE_SIZE": str(options.page_size),
            "TAPLINE_STACK_SETS": str(options.stack_sets),
            "TAPLINE_STACK_INSTANCES": str(options.stack_instances),
            "TAPLINE_STACK_INSTANCES_AT_ONCE": str(options.stack_instances_at_once),
            "TAPLINE_RESOURCE_SECONDS": str(options.resource_seconds),
            "TAPLINE_CHANGE_SET_SECONDS": str(options.change_set_seconds),
            **({"AUTH": "true"} if options.auth else {}),
            **({"PERSIST_STATE": "1", "S3_PERSIST": "1"} if options.persist else {}),
        }

    def _wait_for(self, process: subprocess.Popen[bytes], running: Running) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _healthy(running):
            if process.poll() is not None:
                raise LocalAwsError(f"the local AWS ended before it answered: {self._last_words()} (log: {self.log})")
            if time.monotonic() > deadline:
                _end(process.pid)
                raise LocalAwsError(f"the local AWS did not answer within {_START_SECONDS:.0f} s: see {self.log}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One starts or stops at a time; the lock goes with whoever holds it, however that one ends."""
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _healthy(running: Running) -> bool:
    try:
        with urllib.request.urlopen(f"{running.url}/_ministack/health", timeout=5) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _is_ours(pid: int) -> bool:
    """True for a process that runs the overlay: a number may have gone to another since it was written down."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists():
        return b"\0-m\0overlay\0" in command.read_bytes()
    said = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
    return b" -m overlay" in said.stdout


def _end(pid: int) -> None:
    """Ask the process to end, then make it. Where it is this process's own child it is collected as well."""
    for number, patience in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not _alive(pid):
                return
            time.sleep(0.02)
    raise LocalAwsError(f"the local AWS (process {pid}) does not end: end it by hand")


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """It has ended, and whoever started it has not asked yet how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and on disk before the caller says that it is."""
    temporary = path.with_suffix(".new")
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
