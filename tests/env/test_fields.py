"""What may vary is read from the model, and the loader and the schema for editors agree with it, field by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import yaml

import env
from env import schema
from env.fields import every

NO_DEFAULT = ("account", "region", "network.cidr", "network.public", "network.private")


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """``{"a.b": 1}`` -> ``{"a": {"b": 1}}``."""
    data: dict[str, Any] = {}
    for path, value in values.items():
        *above, last = path.split(".")
        level = data
        for part in above:
            level = level.setdefault(part, {})
        level[last] = value
    return data


@pytest.fixture(scope="module")
def effective(platform: env.Platform) -> dict[str, Any]:
    """Every field of dev with the value that it has, wherever it stands."""
    found: dict[str, Any] = {}
    for field in every():
        value: Any = msgspec.to_builtins(platform.environments[0])
        for part in field.split("."):
            value = value[part]
        found[field] = list(value) if isinstance(value, tuple) else value
    return found


def write(folder: Path, name: str, values: dict[str, Any]) -> dict[str, Any]:
    # Through JSON, so that a tuple is a list.
    data: dict[str, Any] = json.loads(json.dumps(nested(values)))
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    return data


@pytest.mark.row("R13")
@pytest.mark.parametrize("field", sorted(every()))
def test_an_environment_sets_what_varies_and_nothing_else(env_dir: Path, effective: dict[str, Any], field: str) -> None:
    own = {key: effective[key] for key in env.varying()}
    data = write(env_dir, "dev", own | {field: effective[field]})
    validator = jsonschema_rs.validator_for(json.loads(schema.FILE.read_text(encoding="utf-8")))
    assert validator.is_valid(data) == (field in env.varying())
    if field in env.varying():
        assert env.load(env_dir, ["dev"]).values["dev"]
    else:
        with pytest.raises(env.InvalidEnvironment) as refused:
            env.load(env_dir, ["dev"])
        assert {(problem.key, problem.message) for problem in refused.value.problems} == {
            (field, "is the same in every environment: it belongs in defaults.yaml")
        }


@pytest.mark.row("R13")
def test_the_defaults_may_set_everything_but_who_an_environment_is_and_where_its_addresses_lie(
    env_dir: Path, effective: dict[str, Any]
) -> None:
    write(env_dir, "defaults", {key: value for key, value in effective.items() if key not in NO_DEFAULT})
    write(env_dir, "dev", {key: effective[key] for key in NO_DEFAULT})
    assert env.load(env_dir, ["dev"]).environments[0].functions.memory == 512


@pytest.mark.parametrize("field", NO_DEFAULT)
def test_what_an_environment_is_has_no_default(env_dir: Path, effective: dict[str, Any], field: str) -> None:
    data = write(env_dir, "defaults", {key: value for key, value in effective.items() if key not in NO_DEFAULT or key == field})
    assert not jsonschema_rs.validator_for(json.loads(schema.FILE.read_text(encoding="utf-8"))).is_valid(data)
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir, ["dev"])
    assert [problem.key for problem in refused.value.problems if "has no default" in problem.message] == [field]
