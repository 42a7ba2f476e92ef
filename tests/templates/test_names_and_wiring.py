"""Names and wiring hold for any project, any environment and any set of services, not only for ours."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from troposphere.sqs import Queue

from env.base import NAME_PATTERN
from env.loader import LONGEST_TOGETHER
from env.model import Environment
from resources import naming
from templates import root
from templates.service import Service

projects = st.from_regex(r"[a-z][a-z0-9]{1,11}", fullmatch=True)
environments = st.from_regex(NAME_PATTERN.strip("^$"), fullmatch=True)
things = st.from_regex(r"[a-z][a-z0-9-]{0,90}", fullmatch=True)


def named(platform: Any, project: str, name: str) -> Environment:
    environment: Environment = platform.environments[0]
    return msgspec.structs.replace(environment, project=project, name=name)


@pytest.mark.row("R20")
@given(project=projects, name=environments, thing=things, kind=st.sampled_from(sorted(naming.LIMITS)))
def test_a_name_fits_its_service_and_ends_with_the_environment(platform: Any, project: str, name: str, thing: str, kind: str) -> None:
    if len(project) + len(name) > LONGEST_TOGETHER:
        return
    environment = named(platform, project, name)
    for text in (naming.name(environment, thing, kind), naming.global_pattern(environment, thing, kind)):
        assert naming.longest(text) <= naming.LIMITS[kind]
        assert text.startswith(f"{project}-")
        assert text.endswith(f"-{name}")


@pytest.mark.row("R20")
@given(project=projects, name=environments, thing=things)
def test_every_project_and_environment_that_the_loader_takes_has_bucket_names(platform: Any, project: str, name: str, thing: str) -> None:
    if len(project) + len(name) > LONGEST_TOGETHER:
        return
    text = naming.bucket_pattern(named(platform, project, name), thing)
    assert naming.longest(text) <= 63
    assert re.fullmatch(r"[a-z0-9-]+-\$\{AWS::AccountId\}-\$\{AWS::Region\}-[a-z0-9-]+", text)


@pytest.mark.row("R20")
@given(one=things, other=things)
def test_two_things_never_share_a_name(platform: Any, one: str, other: str) -> None:
    environment = platform.environments[0]
    names = {naming.name(environment, thing, "function") for thing in (one, other)}
    assert len(names) == len({one, other})


values = st.sampled_from(["A", "B", "C", "D"])
graphs = st.lists(st.tuples(st.sets(values, max_size=3), st.sets(values, max_size=3)), min_size=1, max_size=4)


@pytest.mark.row("R12")
@given(graph=graphs)
@settings(max_examples=200)
def test_services_are_joined_exactly_where_each_need_has_one_giver(platform: Any, graph: list[tuple[set[str], set[str]]]) -> None:
    environment = platform.environments[0]
    services = [service(environment, f"s{index}", needs, gives) for index, (needs, gives) in enumerate(graph)]
    given_by: dict[str, list[str]] = {}
    for index, (_, gives) in enumerate(graph):
        for value in gives:
            given_by.setdefault(value, []).append(f"s{index}")
    needed = set().union(*(needs for needs, _ in graph))
    good = all(len(found) == 1 for found in given_by.values()) and needed <= given_by.keys()
    try:
        joined = root.joins(services)
    except root.WiringError as error:
        assert not good
        assert str(error)
    else:
        assert good
        assert joined == {value: found[0] for value, found in given_by.items()}


def service(environment: Environment, name: str, needs: set[str], gives: set[str]) -> Service:
    made = Service(name, environment, name)
    queue = made.add(Queue("Queue"))
    for value in sorted(needs):
        made.needs(value)
    for value in sorted(gives):
        made.gives(value, queue.ref(), "a value")
    return made
