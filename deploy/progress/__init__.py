"""Events of one operation, folded into a tree of stacks and resources, and the first real cause of a failure.

Pure. A `Progress` depends on the set of events alone: neither on the order of their arrival, nor on whether they came twice or
late. Statuses: the CloudFormation user guide's "Stack event status codes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from deploy.model import NESTED, Event
from deploy.progress.cause import Cause, cause, causes_in, rollback_causes
from deploy.progress.timeline import Operation, Path, key, of_operation, way_back

__all__ = ["Cause", "Counts", "Node", "Operation", "Path", "Progress", "begin", "cause", "of_operation", "rollback_causes"]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of resources; nested stacks themselves are not counted."""

    done: int
    all: int


@dataclass(frozen=True, kw_only=True)
class Node:
    """One stack or resource. ``events``: its own, oldest first; a stack that is still to come has none."""

    path: Path
    events: tuple[Event, ...] = ()
    children: tuple[Node, ...] = ()
    expected: int = 0
    is_stack: bool = False

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else ""

    @property
    def type(self) -> str:
        return self.events[-1].type if self.events else NESTED

    @property
    def status(self) -> str:
        """As AWS has it; empty before the first event."""
        return self.events[-1].status if self.events else ""

    @property
    def reason(self) -> str:
        return self.events[-1].reason if self.events else ""

    @property
    def physical_id(self) -> str:
        return next((event.physical_id for event in reversed(self.events) if event.physical_id), "")

    @property
    def started(self) -> datetime | None:
        return self.events[0].at if self.events else None

    @property
    def ended(self) -> datetime | None:
        return self.events[-1].at if self.events and not self.in_flight else None

    @property
    def in_flight(self) -> bool:
        return self.status.endswith("_IN_PROGRESS")

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")

    @property
    def going_back(self) -> bool:
        return "ROLLBACK" in self.status

    def walk(self) -> Iterator[Node]:
        """This one and everything below, outermost first."""
        yield self
        for child in self.children:
            yield from child.walk()

    @cached_property
    def counts(self) -> Counts:
        """``done`` never falls: what was once finished stays counted, whatever a rollback does to it later."""
        if not self.is_stack:
            return Counts(done=int(any(not event.status.endswith("_IN_PROGRESS") for event in self.events)), all=1)
        own = sum(not child.is_stack for child in self.children)
        below = [child.counts for child in self.children]
        return Counts(done=sum(count.done for count in below), all=max(self.expected - own, 0) + sum(count.all for count in below))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One operation so far. Make one with `begin`, go on with `add`."""

    operation: Operation
    events: tuple[Event, ...] = ()

    @cached_property
    def _known(self) -> frozenset[tuple[Path, str]]:
        return frozenset(key(event) for event in self.events)

    def add(self, events: Iterable[Event]) -> Progress:
        """With more events, in any order, some of them known."""
        new = {key(event): event for event in events if key(event) not in self._known}
        return Progress(operation=self.operation, events=(*self.events, *new.values())) if new else self

    @cached_property
    def own(self) -> tuple[Event, ...]:
        """The events of this operation, oldest first."""
        return of_operation(self.events, self.operation)

    @cached_property
    def root(self) -> Node:
        return _tree(self.own, self.operation.expected)

    @property
    def counts(self) -> Counts:
        return self.root.counts

    @property
    def status(self) -> str:
        """The root's."""
        return self.root.status

    @property
    def over(self) -> bool:
        """The root has come to an end."""
        return bool(self.root.events) and not self.root.in_flight

    @cached_property
    def going_back(self) -> datetime | None:
        """When the first stack began to roll back."""
        return min(way_back(self.own).values(), default=None)

    @cached_property
    def put_back(self) -> Counts:
        """How far a rollback is: resources that were settled again since it began, of those that were touched."""
        since = self.going_back
        touched = [node for node in self.root.walk() if not node.is_stack]
        back = sum(bool(since and node.ended and node.ended >= since and len(node.events) > 1) for node in touched)
        return Counts(done=back, all=len(touched))

    @cached_property
    def failures(self) -> tuple[Cause, ...]:
        """What failed with a reason of its own, oldest first; forward and on the way back."""
        return tuple(causes_in(self.own))

    @cached_property
    def cause(self) -> Cause | None:
        return cause(self.own)


def begin(stack: str, expected: Mapping[Path, int] | None = None, *, token: str = "", since: datetime | None = None) -> Progress:
    """Of an operation that is about to start, or that an earlier run has started. Arguments: `Operation`."""
    return Progress(operation=Operation(stack=stack, expected=dict(expected or {}), token=token, since=since))


def _tree(own: Iterable[Event], expected: Mapping[Path, int]) -> Node:
    """Every path of the events and of the plan, with all stacks around it."""
    events: dict[Path, list[Event]] = {(): []}
    stacks: set[Path] = {()}
    for path in expected:
        stacks.update(path[:depth] for depth in range(len(path) + 1))
    for event in own:
        events.setdefault(event.path, []).append(event)
        stacks.update(event.path[:depth] for depth in range(len(event.path)))
        if event.type == NESTED:
            stacks.add(event.path)
    below: dict[Path, list[Path]] = {}
    for path in sorted(events.keys() | stacks):
        if path:
            below.setdefault(path[:-1], []).append(path)

    def made(path: Path) -> Node:
        return Node(
            path=path,
            events=tuple(events.get(path, ())),
            children=tuple(made(child) for child in below.get(path, ())),
            expected=expected.get(path, 0),
            is_stack=path in stacks,
        )

    return made(())
