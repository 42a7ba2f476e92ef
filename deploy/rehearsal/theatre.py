"""Where stories are played: one local AWS for all of them, an account that nobody has used for each."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.aws.sessions import Sessions
from deploy.local.server import LocalAws, Options, Running
from deploy.rehearsal import variant
from deploy.rehearsal.commands import Commands
from deploy.rehearsal.faults import Faults
from deploy.rehearsal.stage import Stage

OPTIONS = Options(minute_seconds=0.5)
"""A minute of monitoring and of alarm periods lasts half a second: long enough for a request that is answered late to be seen."""

TUNED = (variant.monitoring(1), variant.checks(wait_seconds=0))
"""Time passes faster here, and waits with it."""


@dataclass(kw_only=True)
class LocalTheatre:
    """``source``: the environment's build folder."""

    source: Path
    home: Path
    running: Running
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(300_000_000_000 + os.getpid() % 100_000 * 100_000))

    @property
    def where(self) -> str:
        return "the local AWS"

    def stage(self, name: str) -> Stage:
        """For one story, in an account of its own."""
        number = str(next(self._numbers))
        environ = {"AWS_ACCESS_KEY_ID": number, "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true"}
        url = self.running.url
        return Stage(
            source=self.source,
            number=number,
            commands=Commands(build=self.home / name, options=("--endpoint-url", url), environ=environ),
            sessions=Sessions(endpoint=url, keys=(number, "local"), who="rehearsal"),
            faults=Faults(url=url, account=number),
            tuned=TUNED,
        )

    def leave(self, stage: Stage) -> tuple[str, ...]:
        """Its account goes with the server."""
        stage.mended()
        return ()

    def close(self) -> tuple[str, ...]:
        return ()


@contextmanager
def local_theatre(source: Path, options: Options = OPTIONS) -> Iterator[LocalTheatre]:
    """A local AWS beside whatever runs already, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        server = LocalAws(folder=Path(folder) / "local")
        try:
            yield LocalTheatre(source=source, home=Path(folder), running=server.start(options))
        finally:
            server.stop()
