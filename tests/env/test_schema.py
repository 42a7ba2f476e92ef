"""`env/schema.json`, by which editors help: fresh, true to the files, and as strict as the loader on what it can see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from env import schema
from env.document import read
from tests.conftest import ROOT

FILES = ("defaults", "dev", "prod", "staging", "tools")


def data(name: str) -> dict[str, Any]:
    return read(ROOT / "env" / f"{name}.yaml", name).data


def valid(document: dict[str, Any]) -> bool:
    return jsonschema_rs.validator_for(json.loads(schema.FILE.read_text())).is_valid(document)


def test_it_is_what_the_model_gives() -> None:
    assert schema.FILE.read_text() == schema.text(), "run: python -m env.schema"


@pytest.mark.parametrize("name", FILES)
def test_it_accepts_the_files_of_this_repository(name: str) -> None:
    assert valid(data(name))


@pytest.mark.parametrize("name", FILES)
def test_every_file_names_it_in_its_first_line(name: str) -> None:
    first = (ROOT / "env" / f"{name}.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=schema.json"


WRONG: dict[str, tuple[str, Any]] = {
    "unknown key": ("dev", {"colour": "red"}),
    "a value that does not vary": ("dev", {"owner": "me"}),
    "wrong type": ("dev", {"lambda": {"memory": "big"}}),
    "out of range": ("dev", {"lambda": {"memory": 1}}),
    "an account among the defaults": ("defaults", {"region": "us-east-1"}),
    "unknown tools key": ("tools", {"colour": "red"}),
    "trust without its parts": ("tools", {"trust": {}}),
    "unknown check": ("defaults", {"checks": [{"check": "htp"}]}),
}


@pytest.mark.parametrize("case", WRONG)
def test_it_refuses_what_the_loader_refuses(case: str) -> None:
    name, change = WRONG[case]
    assert not valid({**data(name), **change})


def test_the_first_line_leads_to_the_schema() -> None:
    assert (ROOT / "env" / Path("schema.json")).exists()
