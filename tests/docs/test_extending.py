"""docs/extending.md is carried out, step by step, in a copy of the repository."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def blocks(kind: str) -> str:
    """The one block of the document that is marked ```<kind>."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.DOTALL)
    return str(found)


def insert(path: Path, before: str, text: str) -> None:
    source = path.read_text()
    assert source.count(before) == 1, before
    path.write_text(source.replace(before, text + before))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for name in ("env", "resources", "templates", "deploy"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "local"))
    shutil.copy(ROOT / "generate.py", folder)
    generate(folder, "--no-validate")
    insert(folder / "env" / "model.py", "class AnyEnvironment(Value", blocks("python model") + "\n\n")
    insert(folder / "env" / "model.py", "    runtime: Runtime\n", blocks("python field"))
    with (folder / "env" / "defaults.yaml").open("a") as defaults:
        defaults.write("\n" + blocks("yaml defaults"))
    (folder / "templates" / "audit.py").write_text(blocks("python module"))
    insert(folder / "templates" / "build.py", '    "drift": drift.build,\n', blocks("python registry"))
    imports = folder / "templates" / "build.py"
    imports.write_text(imports.read_text().replace("from templates import api,", "from templates import api, audit,"))
    return folder


def generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "generate.py", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_new_service_is_built_and_changes_nothing_but_what_it_must(repository: Path) -> None:
    done = generate(repository, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    changes = json.loads(done.stdout)
    assert set(changes["files"]["new"]) == {f"{name}/audit.json" for name in ("dev", "prod", "staging")} | {
        "parity.json",
        "prod/replica_audit.json",
    }
    templates = {path.split("/")[1] for path in changes["changed"]}
    of_the_second_region = {"replica_parameters.json", "replica_root.json", "replica_bootstrap.json", "replica_bootstrap_failover.json"}
    assert templates == {"parameters.json", "root.json"} | of_the_second_region
    document = json.loads((repository / "build" / "prod" / "audit.json").read_text())
    assert document["Description"] == "Table of audit records, kept for 400 days"
    assert document["Resources"]["Records"]["Properties"]["TableName"] == "tap-audit-prod"


def test_its_values_vary_by_environment_and_are_checked(repository: Path) -> None:
    with (repository / "env" / "dev.yaml").open("a") as dev:
        dev.write("\naudit:\n  keep_days: 7\n  kep_days: 8\n")
    done = generate(repository, "--no-validate", "dev")
    assert done.returncode == 2
    assert "audit.kep_days: unknown key: did you mean keep_days?" in done.stderr
