"""The deployer's own commands, as a person types them: in this process, in one of their own, or in one that is killed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 1800.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How a command ended. ``out`` and ``err``: what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> list[dict[str, Any]]:
        """What it said on the way, one JSON object a line, where it was asked to."""
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]

    @property
    def tail(self) -> str:
        """Its last words, on one line."""
        return " / ".join((self.err or self.out).strip().splitlines()[-4:])


@dataclass(frozen=True, kw_only=True)
class Process:
    """A command in a process of its own."""

    popen: subprocess.Popen[str]

    def wait(self) -> Answer:
        out, err = self.popen.communicate(timeout=PATIENCE_SECONDS)
        return Answer(code=self.popen.returncode, out=out, err=err)

    def read_until(self, words: str) -> str:
        """What it says on standard error until these words, or its end."""
        said = ""
        while self.popen.stderr and words not in said and (line := self.popen.stderr.readline()):
            said += line
        return said

    def kill(self) -> None:
        self.popen.kill()
        self.popen.communicate()

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)


@dataclass(frozen=True, kw_only=True)
class Commands:
    """``build``: the build folder; ``options``: where AWS is and who asks, for every command; ``environ``: credentials, where the machine's own
    are not meant.
    """

    build: Path
    options: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> Answer:
        """In this process."""
        from deploy.command import run

        out, err = io.StringIO(), io.StringIO()
        with self._surroundings(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*arguments, *self.options, "--build", str(self.build)])
        return Answer(code=code, out=out.getvalue(), err=err.getvalue())

    def start(self, *arguments: str) -> Process:
        """In a process of its own."""
        return self._start("deploy", *arguments, *self.options, "--build", str(self.build))

    def killed(self, plan: Path, point: str) -> Answer:
        """Apply a plan in a process that ends itself with kill -9 at a point (`deploy.rehearsal.child`)."""
        return self._start("deploy.rehearsal.child", str(plan), point, str(self.build), *self.options).wait()

    def _start(self, module: str, *arguments: str) -> Process:
        paths = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        return Process(
            popen=subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env={**os.environ, **self.environ, "PYTHONPATH": paths},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        )

    @contextlib.contextmanager
    def _surroundings(self) -> Iterator[None]:
        before = dict(os.environ)
        os.environ.update(self.environ)
        if self.environ:
            os.environ.pop("AWS_PROFILE", None)
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            with contextlib.suppress(ValueError):  # not the main thread: nothing was changed there
                for number, handler in handlers.items():
                    signal.signal(number, handler)
