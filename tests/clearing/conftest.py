"""The small world of tests/deploy, also as it looks when years have passed."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import pytest

from tests.bench.relay import Relay
from tests.deploy.conftest import aws, faults, local_aws, world
from tests.deploy.world import World

if TYPE_CHECKING:
    from tests.stacksets.world import Organization

__all__ = ["aws", "faults", "local_aws", "old", "world"]

Place = TypeVar("Place", bound="World | Organization")
_WRITTEN = re.compile(rb"<LastModified>(\d{4})-")
_LONGEST = len(b"<LastModified>2026-")


class Older(Relay):
    """Between a command and the local AWS: every object that a listing shows was written four years earlier."""

    def _pass(self, source: socket.socket, sink: socket.socket, *, counted: bool = False) -> None:
        held = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                text = held + data
                # What may be the beginning of a time waits for its rest.
                cut = text.rfind(b"<", max(0, len(text) - _LONGEST)) if not counted else -1
                whole, held = (text, b"") if cut < 0 else (text[:cut], text[cut:])
                if held.endswith(b">") and not held.startswith(b"<LastM"):
                    whole, held = text, b""
                sink.sendall(_WRITTEN.sub(lambda found: b"<LastModified>%d-" % (int(found[1]) - 4), whole))
            sink.sendall(held)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def years_later(place: Place) -> Iterator[Place]:
    """The same world or organization, whose objects are years old for every command of this one."""
    port = urlsplit(place.aws.url).port
    assert port
    with Older(port) as relay:
        yield dataclasses.replace(place, aws=dataclasses.replace(place.aws, url=relay.url))


@pytest.fixture
def old(world: World) -> Iterator[World]:
    with years_later(world) as made:
        yield made


# What `make test` leaves to `make rehearse`: the same promises, in more situations.
LONG = (
    "test_what_was_removed_is_published_again_by_the_next_plan",
    "test_a_second_run_has_nothing_to_do",
    "test_while_the_stack_is_at_work_nothing_is_judged",
    "test_a_run_that_was_killed_is_gone_on_with_by_the_same_command",
    "test_a_stack_that_is_stuck_is_recovered_first",
    "test_a_removal_that_fails_is_recorded_and_the_next_run_goes_on",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "clearing" and item.name in LONG:
            item.add_marker(pytest.mark.rehearsal)
