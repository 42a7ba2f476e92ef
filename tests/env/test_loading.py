"""What a good file gives: typed, frozen values over the defaults, each with its place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import env
from env.model import Environment
from env.regions import PARTITIONS, REGIONS
from tests.conftest import ROOT

Edit = Callable[[str, str, str], Path]

# The table of docs/requirements.md: what stands in each environment.
TABLE = {
    "dev": {
        "region": "us-east-1",
        "nat": 0,
        "memory": 512,
        "reserved": 10,
        "recovery": False,
        "rate": 100,
        "expiry": 30,
        "days": 4,
        "protected": False,
    },
    "staging": {
        "region": "us-east-2",
        "nat": 1,
        "memory": 1024,
        "reserved": 50,
        "recovery": False,
        "rate": 500,
        "expiry": 90,
        "days": 10,
        "protected": True,
    },
    "prod": {
        "region": "us-east-1",
        "nat": 3,
        "memory": 2048,
        "reserved": 200,
        "recovery": True,
        "rate": 2000,
        "expiry": None,
        "days": 14,
        "protected": True,
    },
}


def of(platform: env.Platform, name: str) -> Environment:
    return next(environment for environment in platform.environments if environment.name == name)


@pytest.mark.row("R01")
@pytest.mark.row("R13")
@pytest.mark.parametrize("name", TABLE)
def test_each_environment_has_the_values_of_the_table(platform: env.Platform, name: str) -> None:
    made = of(platform, name)
    assert {
        "region": made.region,
        "nat": made.network.nat_gateways,
        "memory": made.functions.memory,
        "reserved": made.functions.reserved_concurrency,
        "recovery": made.table.point_in_time_recovery,
        "rate": made.api.throttle_rate,
        "expiry": made.storage.expiry_days,
        "days": made.queue.retention_days,
        "protected": made.termination_protection,
    } == TABLE[name]


@pytest.mark.row("R16")
def test_only_prod_has_a_second_region(platform: env.Platform) -> None:
    second = {made.name: made.disaster_recovery.region if made.disaster_recovery else None for made in platform.environments}
    assert second == {"dev": None, "staging": None, "prod": "us-west-2"}


@pytest.mark.row("R13")
def test_a_value_of_the_environment_wins_over_the_default_and_both_are_placed(platform: env.Platform) -> None:
    own, default = platform.places["dev", "termination_protection"], platform.places["prod", "termination_protection"]
    assert (Path(own.file).name, Path(default.file).name) == ("dev.yaml", "defaults.yaml")


@pytest.mark.row("R01")
def test_an_environment_cannot_be_changed(platform: env.Platform) -> None:
    with pytest.raises(AttributeError):
        setattr(of(platform, "dev"), "region", "eu-west-1")  # noqa: B010 - the type checker refuses the plain form, rightly


def test_a_value_that_replaces_a_section_leaves_no_places_behind(env_dir: Path, edit: Edit) -> None:
    edit("defaults", "disaster_recovery: null", "disaster_recovery: { region: us-west-2 }")
    edit("dev", "region: us-east-1", "region: us-east-1\ndisaster_recovery: null")
    blocks = "cidr: 10.99.0.0/16, public: [10.99.0.0/24, 10.99.1.0/24, 10.99.2.0/24], private: [10.99.3.0/24, 10.99.4.0/24, 10.99.5.0/24]"
    edit("staging", "region: us-east-2", f"region: us-east-2\ndisaster_recovery: {{ network: {{ {blocks} }} }}")
    loaded = env.load(env_dir)
    assert ("dev", "disaster_recovery.region") not in loaded.places
    assert loaded.places["dev", "disaster_recovery"].file.endswith("dev.yaml")
    assert loaded.places["staging", "disaster_recovery.region"].file.endswith("defaults.yaml")


def test_every_value_has_a_place(platform: env.Platform) -> None:
    for name, values in platform.values.items():
        assert values
        assert {(name, key) for key in values} <= set(platform.places)


def test_good_files_load_without_the_libraries_that_explain_bad_ones() -> None:
    code = "import sys, env, pathlib; env.load(pathlib.Path('env')); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "env.loader" in loaded
    assert not loaded & {"boto3", "botocore", "cfnlint", "difflib", "env.explanation", "jsonschema_rs", "troposphere"}


def test_a_byte_order_mark_is_accepted(env_dir: Path) -> None:
    path = env_dir / "dev.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(env.load(env_dir).environments) == 3


def test_windows_line_ends_are_accepted(env_dir: Path) -> None:
    path = env_dir / "dev.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert env.load(env_dir).values["dev"] == env.load(ROOT / "env").values["dev"]


@pytest.mark.row("R13")
def test_a_new_environment_is_one_file(env_dir: Path) -> None:
    text = (env_dir / "dev.yaml").read_text().replace("111111111111", "666666666666").replace("10.10.", "10.60.")
    (env_dir / "qa.yaml").write_text(text)
    assert env.names_in(env_dir) == ("dev", "prod", "qa", "staging")
    assert env.load(env_dir, ["qa"]).environments[0].name == "qa"


def test_what_varies_is_what_the_files_may_set(env_dir: Path, platform: env.Platform) -> None:
    own = {"account", "region"} | {key for key in platform.values["dev"] if platform.places["dev", key].file.endswith("dev.yaml")}
    assert {re.sub(r"\[\d+\]$", "", key) for key in own} <= set(env.varying())
    assert "lambda.memory" in env.varying()
    assert "lambda.runtime" not in env.varying()


@pytest.mark.row("R15")
def test_no_region_and_no_account_is_written_in_python() -> None:
    sources = [path for folder in ("env", "resources", "templates", "deploy") for path in (ROOT / folder).rglob("*.py")]
    sources = [path for path in [*sources, ROOT / "generate.py"] if path.name != "regions.py" and "overlay" not in path.parts]
    assert len(sources) > 40
    for path in sources:
        for text in _constants(path):
            assert not re.search(r"\b\d{12}\b", text.replace("0" * 12, "")), f"{path}: {text!r} holds an account"
            assert text not in REGIONS or "local" in path.parts, f"{path}: {text!r} is a region"


def _constants(path: Path) -> list[str]:
    """Every text in the code but docstrings and descriptions, which may give examples."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]


def test_the_list_of_regions_is_botocores() -> None:
    import botocore.session

    session = botocore.session.get_session()
    known = {
        region: partition
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("cloudformation", partition_name=partition)
    }
    assert known == PARTITIONS


@pytest.mark.row("R01")
def test_values_survive_the_way_through_plain_data(platform: env.Platform) -> None:
    for made in platform.environments:
        assert msgspec.convert(msgspec.to_builtins(made), Environment) == made
