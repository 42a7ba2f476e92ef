"""Where each stack of an environment stands, why, and the ways out, each with what it does and what it loses."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.recovery import Situation, Standing
from deploy.report.ink import PLAIN, Ink, one_line
from deploy.status import Way


def text(situation: Situation, ink: Ink = PLAIN) -> str:
    lines = [f"{ink('bold', one_line(situation.environment))}  account {one_line(situation.account)}"]
    for stack in situation.stacks:
        lines += ["", *_stack(stack, situation.environment, ink)]
    return "\n".join(lines) + "\n"


def _stack(stack: Standing, environment: str, ink: Ink) -> Iterator[str]:
    style = "bold red" if stack.is_stuck else "yellow" if stack.ways else "green"
    yield f"{ink('bold', one_line(stack.stack))}  {ink(style, one_line(stack.status) or 'does not exist')}  {one_line(stack.region)}"
    if stack.ways and stack.reason:
        yield from ink.wrap(one_line(stack.reason), "    ")
    if stack.cause:
        where = "/".join(stack.cause.path) or "the stack"
        yield from ink.wrap(one_line(f"began with: {where} ({stack.cause.type}): {stack.cause.reason}"), "    ")
    if stack.blockers:
        yield "    in the way:"
        for blocker in stack.blockers:
            yield from ink.wrap(one_line(f"{blocker.path} ({blocker.type}; {blocker.name}): {blocker.reason}"), "      ")
    if not stack.ways:
        yield "    nothing is in the way" if not stack.is_stuck else "    no way out is open here: ask AWS Support"
    for way in stack.ways:
        yield from _way(way, environment, ink)


def _way(way: Way, environment: str, ink: Ink) -> Iterator[str]:
    yield f"    -> {ink('bold', one_line(way.command(environment)))}" if way.verb else "    ->"
    yield from ink.wrap(one_line(way.does) + (f" ({way.api})" if way.api else ""), "       ")
    if way.loses:
        yield from ink.wrap(f"it may lose: {one_line(way.loses)}", "       ")
