"""Rehearsals in a real account: the disposable environment beside the real one, made by the caller, used through its roles, deleted at the end.

Not yet seen on real AWS: docs/not-verified-on-aws.md. There is one account, so stories follow each other on the same stack.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.aws.sessions import Sessions
from deploy.errors import DeployError, Refused
from deploy.leftovers import PREFIX
from deploy.manifest import Manifest
from deploy.rehearsal import small, variant
from deploy.rehearsal.build import Change
from deploy.rehearsal.commands import Commands
from deploy.rehearsal.small import Names
from deploy.rehearsal.stage import Stage

PATIENCE = 30.0
"""A real account takes minutes where the local AWS takes seconds."""

GONE_SECONDS = 900.0


@dataclass(kw_only=True)
class AccountTheatre:
    """``options``: how the commands reach the account; ``patience``: factor on all waits."""

    names: Names
    source: Path
    home: Path
    sessions: Sessions
    options: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)
    patience: float = PATIENCE
    tuned: tuple[Change, ...] = field(default_factory=lambda: (variant.monitoring(1),))

    @property
    def where(self) -> str:
        return f"account {self.names.account}"

    def stage(self, name: str) -> Stage:
        return Stage(
            source=self.source,
            number=self.names.account,
            commands=Commands(build=self.home / "build", options=self.options, environ=self.environ),
            sessions=self.sessions,
            tuned=self.tuned,
            patience=self.patience,
        )

    def leave(self, stage: Stage) -> tuple[str, ...]:
        """The next story begins with a good release, whatever this one has left."""
        return ()

    def close(self) -> tuple[str, ...]:
        """Delete everything that was made; what could not be, in words."""
        left = []
        for what, clear in (("stack", self._destroy), ("bucket", self._empty), ("bootstrap", self._unmake)):
            try:
                clear()
            except DeployError as error:
                left.append(f"{what}: {error.text}")
        return tuple(left)

    def _destroy(self) -> None:
        stage = self.stage("end")
        if stage.find() is None:
            return
        stage.release()
        answer = stage.destroy()
        if answer.code:
            raise Refused(
                f"stack {self.names.stack}", answer.tail, f"delete it by hand: aws cloudformation delete-stack --stack-name {stage.stack}"
            )

    def _empty(self) -> None:
        s3 = self.sessions.own("s3", self.names.region)
        if not any(one["Name"] == self.names.bucket for one in s3("list_buckets").get("Buckets", ())):
            return
        while found := s3("list_objects_v2", Bucket=self.names.bucket).get("Contents"):
            s3("delete_objects", Bucket=self.names.bucket, Delete={"Objects": [{"Key": one["Key"]} for one in found], "Quiet": True})

    def _unmake(self) -> None:
        stacks = self.stage("end").stacks
        found = stacks.find(self.names.bootstrap)
        if found is None:
            return
        stacks.protect(found.id, on=False)  # which bootstrap switched on
        stacks.delete(found.id, f"{PREFIX}rehearsal-{secrets.token_hex(4)}")
        deadline = time.monotonic() + GONE_SECONDS
        while (now := stacks.find(found.id)) and not now.status.is_absent:
            if now.status.is_stuck or time.monotonic() > deadline:
                raise Refused(f"stack {self.names.bootstrap}", f"it is {now.status}: {now.reason}", "delete it by hand")
            stacks.sleep(0.5)


@contextmanager
def account_theatre(
    manifest: Manifest,
    sessions: Sessions,
    options: tuple[str, ...],
    *,
    patience: float = PATIENCE,
    environ: dict[str, str] | None = None,
) -> Iterator[AccountTheatre]:
    """``environ``: credentials for the commands, where the machine's own are not meant."""
    names = small.names_of(manifest)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        source = small.write(names, Path(folder) / "source" / names.environment)
        yield AccountTheatre(
            names=names,
            source=source,
            home=Path(folder),
            sessions=sessions,
            options=options,
            environ=environ or {},
            patience=patience,
        )
