"""Work in a forked child: it inherits what is loaded here, answers through a pipe, and gives its memory back.

Where a platform cannot fork, the work is done at once, here.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Child:
    """A child at work; ``name`` is what it is called when it dies."""

    name: str
    process: int
    reader: int
    done: Any = None


def start(name: str, work: Callable[[], Any]) -> Child:
    """Begin ``work`` in a child. Not while a thread runs: the child may inherit its locks."""
    if not hasattr(os, "fork"):
        return Child(name, 0, -1, work())
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        _work(work, writer)
    os.close(writer)
    return Child(name, process, reader)


def answer(child: Child, kind: type[Answer]) -> Answer:
    """Wait for a child's answer. Raises RuntimeError where it died: a dead child is an error, never an empty verdict."""
    if child.process == 0:
        return msgspec.convert(msgspec.to_builtins(child.done), kind)
    with os.fdopen(child.reader, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child.process, 0)
    if status:
        raise RuntimeError(f"{child.name} ended with status {status}\n{data.decode(errors='replace')}")
    return msgspec.msgpack.decode(data, type=kind)


def _work(work: Callable[[], Any], writer: int) -> None:
    code = 1
    try:
        with os.fdopen(writer, "wb") as pipe:
            try:
                pipe.write(msgspec.msgpack.encode(work()))
                code = 0
            except BaseException:  # noqa: BLE001 - whatever it is, the parent is told: nobody else sees this process
                pipe.write(traceback.format_exc().encode())
    finally:
        os._exit(code)
