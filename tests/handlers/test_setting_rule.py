"""One rule for the loader, the command and the functions: what the command takes the functions take, and what it refuses they refuse."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.configuration import Configuration
from shared.setting import LONGEST, Setting, decode, encode

from deploy.errors import DeployError
from deploy.manifest import Manifest
from deploy.manifest import Setting as Built
from deploy.setting import checked
from tests.conftest import ROOT
from tests.report.samples import MANIFEST

from .fakes import Lines

WORDS = st.sampled_from(
    ["on", "off", "ON", "true", "0", "7", "-7", "007", "1e3", "a", "b", "a,b", "a, b", ",", "", " ", "é", "x" * LONGEST]
)
TEXTS = WORDS | st.text(max_size=12) | st.integers(-2000, 2000).map(str) | st.lists(WORDS, max_size=3).map(",".join)


@st.composite
def rules(draw: Any) -> Setting:
    """As the loader lets them through: the default is a value of its own rule."""
    kind = draw(st.sampled_from(["text", "number", "switch", "list"]))
    if kind == "number":
        low, high = sorted((draw(st.integers(-1000, 1000)), draw(st.integers(-1000, 1000))))
        minimum, maximum = draw(st.sampled_from([(low, high), (low, None), (None, high), (None, None)]))
        return Setting(type=kind, default=str(low), minimum=minimum, maximum=maximum)
    if kind == "switch":
        return Setting(type=kind, default="on")
    choices = draw(st.sampled_from([(), ("a",), ("a", "b"), ("7", "a", "é")]))
    return Setting(type=kind, default="a", choices=choices, pattern=draw(st.sampled_from(["", "[a-z]+", "a|ab"])))


def by_the_command(rule: Setting, text: str) -> str | None:
    """The text as it would be stored; None where it is refused."""
    built = Built(name="x", description="x", **dataclasses.asdict(rule))
    manifest: Manifest = MANIFEST
    try:
        return checked(manifest, built, text, secure=False)
    except DeployError:
        return None


def by_a_function(rule: Setting, text: str) -> Any:
    """What it works with; None where it refuses the text."""
    lines = Lines()
    configuration = Configuration(
        decode(encode({"x": rule})), lambda: {"x": text}, lines.log(), namespace="n", cache_seconds=30, clock=lambda: 0.0
    )
    read = {"text": configuration.text, "number": configuration.number, "switch": configuration.switch, "list": configuration.items}
    value = read[rule.type]("x")
    return None if lines.counted("BadValues") else value


@pytest.mark.row("R25")
@settings(max_examples=400, deadline=None)
@given(rule=rules(), text=TEXTS)
def test_the_command_and_the_functions_agree_on_every_value(rule: Setting, text: str) -> None:
    stored = by_the_command(rule, text)
    if stored is not None:
        assert by_a_function(rule, stored) is not None
    elif text.strip().isprintable() and "{{" not in text:
        # What it refuses beside the rule is said by name: several lines, and what Parameter Store would not take.
        assert by_a_function(rule, text) is None


def test_every_setting_that_a_handler_asks_for_is_in_the_model(platform: Any) -> None:
    kinds = {"text": "text", "number": "number", "switch": "switch", "items": "list", "secret": "secret"}
    known = platform.environments[0].runtime.settings
    sources = [path.read_text() for path in (ROOT / "resources" / "handlers").rglob("*.py")]
    asked = [
        found for text in sources for found in re.findall(r"\b(?:settings|self)\.(text|number|switch|items|secret)\(\"([^\"]+)\"\)", text)
    ]
    assert {name for _, name in asked} == set(known), "what no function reads is no setting"
    for kind, name in asked:
        assert known[name].type == kinds[kind]


@given(rule=rules())
def test_a_rule_comes_out_of_a_functions_environment_as_it_went_in(rule: Setting) -> None:
    assert decode(encode({"x": rule})) == {"x": rule}
