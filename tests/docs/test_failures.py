"""Every failure of the runbook's table is named by a test, and every test that names one names a row of it.

What is refused before the deployer begins is tried here, with the words that the table promises.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import env
from resources import naming
from templates.build import Built
from tests.conftest import ROOT
from tests.docs.test_deployer_documents import section

Edit = Callable[[str, str, str], Path]


def rows() -> list[str]:
    """What stands in the first column."""
    lines = [line.split(" | ")[0].removeprefix("| ") for line in section("What can go wrong").splitlines() if line.startswith("| ")]
    return lines[1:]


def markers() -> Iterator[tuple[str, str]]:
    """(file, name) of every ``@pytest.mark.failure(name)``, on functions, classes and whole modules."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "mark.failure" in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.failure":
                assert len(node.args) == 1, f"{path}:{node.lineno}"
                yield str(path.relative_to(ROOT)), str(ast.literal_eval(node.args[0]))


NAMED = sorted({name for _, name in markers()})


def meant(name: str) -> list[str]:
    """The rows that begin with a marker's name: whoever names a row may leave its end out."""
    return [row for row in rows() if row.startswith(name)]


def test_the_table_has_every_failure_once() -> None:
    assert len(rows()) == len(set(rows())) == 39


@pytest.mark.parametrize("row", rows())
def test_every_failure_is_named_by_a_test(row: str) -> None:
    assert any(row.startswith(name) for name in NAMED), row


@pytest.mark.parametrize("name", NAMED)
def test_every_marker_names_one_row(name: str) -> None:
    assert len(meant(name)) == 1, [path for path, other in markers() if other == name]


def refused(env_dir: Path) -> str:
    with pytest.raises(env.InvalidEnvironment) as error:
        env.load(env_dir)
    return str(error.value)


@pytest.mark.failure("YAML that is wrong")
def test_what_is_wrong_in_two_files_is_said_at_once_with_its_place(env_dir: Path, edit: Edit) -> None:
    edit("dev", 'account: "111111111111"', "account: 012345670123")
    edit("dev", "memory: 512", "memory: &size 512")
    edit("staging", "memory: 1024", "memory: 1024\n  memory: 2048")
    said = refused(env_dir)
    assert 'dev.yaml:2:1: account: quote it: "012345670123"' in said
    assert "dev.yaml:13:3: lambda.memory: anchor &size" in said
    assert "lambda.memory: stands here twice, first in line " in said


@pytest.mark.failure("secret in an environment file")
def test_a_secret_is_refused_and_not_printed(env_dir: Path, edit: Edit) -> None:
    edit("defaults", "owner: platform-team", 'owner: "AKIAIOSFODNN7EXAMPLE"')
    said = refused(env_dir)
    assert "owner: looks like a secret (not shown)" in said
    assert "keep it in Secrets Manager or a SecureString parameter" in said, "it says where a secret belongs"
    assert "AKIAIOSFODNN7" not in said


@pytest.mark.failure("value or name that CloudFormation or a path would read otherwise")
@pytest.mark.parametrize("value", ["${AWS::AccountId}", "{{resolve:ssm:x}}"])
def test_a_value_that_cloudformation_would_replace_is_refused(env_dir: Path, edit: Edit, value: str) -> None:
    edit("defaults", "owner: platform-team", f'owner: "{value}"')
    assert "owner: holds ${ or {{resolve:" in refused(env_dir)


@pytest.mark.failure("value or name that CloudFormation or a path would read otherwise")
def test_a_name_that_is_none_and_a_link_are_refused(env_dir: Path) -> None:
    (env_dir / "Dev_1.yaml").write_bytes((env_dir / "dev.yaml").read_bytes())
    (env_dir / "qa.yaml").symlink_to("dev.yaml")
    said = refused(env_dir)
    assert "'Dev_1' cannot be an environment's name" in said
    assert "qa.yaml:1:1: is a symbolic link" in said


@pytest.mark.failure("physical name over its service's limit")
def test_a_name_that_is_too_long_is_shortened_and_stays_told_from_others(platform: Any) -> None:
    longest = msgspec.structs.replace(platform.environments[0], project="a" * 12, name="b" * 12)
    one, other = (naming.name(longest, "thing-" + "c" * 80 + end, "function") for end in ("1", "2"))
    assert len(one) == len(other) == naming.LIMITS["function"]
    assert one != other
    assert one == naming.name(longest, "thing-" + "c" * 80 + "1", "function")


@pytest.mark.failure("export or parameter in use elsewhere")
def test_no_template_exports_anything_or_reads_what_another_exports(builds: dict[str, Built]) -> None:
    assert builds
    for built in builds.values():
        for name, document in built.templates.items():
            assert not any("Export" in output for output in document.get("Outputs", {}).values()), name
            assert "Fn::ImportValue" not in msgspec.json.encode(document).decode(), name
