"""Verdicts are kept by content; whatever is damaged, foreign or about something else is judged anew."""

from __future__ import annotations

import ast
import copy
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from env.recovery import Blocks, DisasterRecovery
from templates.build import Built, Flat, encode
from templates.validation import _keys, cache, validate
from templates.validation.allow import AllowList
from templates.validation.finding import Finding
from tests.validation.defects import Defect, put, seed

FOUND = (Finding(environment="dev", service="data", logical_id="Items", rule="E1", tool="cfn-lint", message="wrong"),)


def stored(path: Path) -> bytes:
    cache.store(path, {"key": FOUND, "clean": ()}, ["key", "clean"])
    return path.read_bytes()


def test_what_was_stored_is_loaded(tmp_path: Path) -> None:
    stored(tmp_path / "verdicts")
    assert cache.load(tmp_path / "verdicts") == {"key": FOUND, "clean": ()}


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "one byte changed": lambda data: data.replace(b"wrong", b"right"),
    "a verdict taken out": lambda data: data.replace(b'"key"', b'"kez"'),
    "another format": lambda data: data.replace(b"verdicts 1", b"verdicts 2"),
    "foreign": lambda data: b'{"key": []}',
    "binary": lambda data: bytes(range(256)),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_or_foreign_file_is_ignored(tmp_path: Path, case: str) -> None:
    path = tmp_path / "verdicts"
    path.write_bytes(DAMAGES[case](stored(path)))
    assert cache.load(path) == {}


def test_a_verdict_of_a_wrong_type_is_ignored_even_with_the_right_digest(tmp_path: Path) -> None:
    payload = b'{"key": "fine"}'
    path = tmp_path / "verdicts"
    path.write_bytes(b"\n".join((cache.FORMAT, cache._digest(payload).encode(), payload)))
    assert cache.load(path) == {}


def test_a_missing_file_holds_nothing(tmp_path: Path) -> None:
    assert cache.load(tmp_path / "none") == {}
    assert cache.load(None) == {}


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    cache.store(tmp_path / "file" / "verdicts", {"key": ()}, ["key"])


def test_verdicts_of_other_runs_stay_until_there_are_too_many(tmp_path: Path) -> None:
    path = tmp_path / "verdicts"
    many: cache.Verdicts = {f"old{number}": () for number in range(3000)}
    cache.store(path, many | {"new": ()}, ["new"])
    kept = cache.load(path)
    assert len(kept) == 2000
    assert "new" in kept
    assert "old0" not in kept


@given(parts=st.lists(st.text(), min_size=1, max_size=4), other=st.lists(st.text(), min_size=1, max_size=4))
def test_keys_differ_wherever_a_part_differs(parts: list[str], other: list[str]) -> None:
    assert (cache.key(*parts) == cache.key(*other)) == (parts == other)


def test_a_change_inside_a_service_leaves_the_roots_verdict_standing_and_one_at_its_boundary_does_not(builds: dict[str, Built]) -> None:
    def keys(built: Built) -> dict[str, str]:
        return {service: key for (_, service), key in _keys([built]).items()}

    before = keys(builds["dev"])
    inside = seed(builds["dev"], Defect("x", "dev", "data", "Items", put("TableName", "other"), ""))
    after = keys(inside)
    assert {service for service in before if before[service] != after[service]} == {"data", "flat"}
    outputs = copy.deepcopy(builds["dev"].templates)
    outputs["data"]["Outputs"]["More"] = {"Value": "x"}
    boundary = replace(builds["dev"], templates=outputs, encoded={**builds["dev"].encoded, "data": encode(outputs["data"])})
    changed = keys(boundary)
    assert {service for service in before if before[service] != changed[service]} == {"data", "flat", "root"}


def test_the_checkers_are_named_with_their_versions() -> None:
    text = cache.checkers()
    assert "cfn_lint-" in text
    assert "cloudformation_validate-" in text


def copied(tmp_path: Path) -> Path:
    for name in ("templates/validation", *cache._BESIDE):
        source = cache.ROOT / name
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    return tmp_path


CHANGES = ("templates/validation/rules/tls_only.py", "templates/validation/view.py", "resources/registry.json", "resources/naming.py")


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_rule_makes_every_earlier_verdict_worthless(tmp_path: Path, name: str) -> None:
    root = copied(tmp_path)
    before = cache.checkers(root)
    assert before == cache.checkers()
    (root / name).write_text((root / name).read_text() + "\n")
    assert cache.checkers(root) != before


def test_everything_of_these_sources_that_a_rule_imports_is_in_the_digest() -> None:
    imported = set()
    for path in (cache.ROOT / "templates/validation/rules").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module
                and node.module.split(".")[0] in ("deploy", "env", "resources", "templates")
            ):
                imported.add(node.module.replace(".", "/") + ".py")
    outside = {name for name in imported if not name.startswith("templates/validation")}
    assert outside
    assert outside <= set(cache._BESIDE)


def test_a_kept_verdict_is_believed_and_nothing_is_judged_again(builds: dict[str, Built], tmp_path: Path) -> None:
    """A finding that no checker would make comes from the file alone."""
    keys = _keys([builds["dev"]])
    planted: cache.Verdicts = {key: FOUND if name == ("dev", "data") else () for name, key in keys.items()}
    cache.store(tmp_path / "verdicts", planted, planted)
    (found,) = validate([builds["dev"]], today=date(2026, 11, 24), cache_dir=tmp_path, allowed=AllowList((), ()))
    assert (found.message, found.type) == ("wrong", "AWS::DynamoDB::GlobalTable")
    assert found.origin.startswith("templates/data.py:")


BLOCKS = Blocks(cidr="10.99.0.0/16", public=("10.99.0.0/24",) * 3, private=("10.99.1.0/24",) * 3)
OTHER_BUILDS: dict[str, tuple[str, Callable[[Built], Built]]] = {
    "template": ("data", lambda built: replace(built, encoded={**built.encoded, "data": b"{}"})),
    "account": ("data", lambda built: replace(built, env=structs.replace(built.env, account="999999999999"))),
    "region": ("data", lambda built: replace(built, env=structs.replace(built.env, region="eu-west-1"))),
    "another region": (
        "data",
        lambda built: replace(
            built, env=structs.replace(built.env, disaster_recovery=DisasterRecovery(region="eu-west-1", network=BLOCKS))
        ),
    ),
    "value of the environment": ("flat", lambda built: replace(built, env=structs.replace(built.env, termination_protection=True))),
    "flat copy": ("flat", lambda built: replace(built, flats={"root": Flat(document={"Resources": {}}, names={})})),
    "parameter of a template": ("flat", lambda built: replace(built, encoded={**built.encoded, "data": b'{"Parameters": {}}'})),
}


@pytest.mark.parametrize("case", OTHER_BUILDS)
def test_a_verdict_is_for_one_template_in_one_place(builds: dict[str, Built], case: str) -> None:
    service, change = OTHER_BUILDS[case]
    assert _keys([change(builds["dev"])])["dev", service] != _keys([builds["dev"]])["dev", service]
