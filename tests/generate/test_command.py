"""`generate.py` from outside: what it writes, what it prints, how it exits, and what it leaves alone."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest

from deploy import manifest as contract
from tests.conftest import ENVIRONMENTS, ROOT
from tests.generate.conftest import Run, known_verdicts, tree

Generate = Callable[..., Run]
Edit = Callable[[str, str, str], Path]

SERVICES = {"keys", "network", "storage", "data", "messaging", "compute", "api", "monitoring", "drift", "parameters"}
EDGE = {f"edge_{name}.json" for name in ("distribution", "flat", "parameters", "root")}
REPLICA = {f"replica_{name}.json" for name in (*SERVICES, "failover", "flat", "root", "bootstrap", "bootstrap_failover")}
SECOND = EDGE | REPLICA | {"bootstrap_failover.json"}
"""What an environment with a second region has besides."""
TEMPLATES = 61
"""Of all environments and the tools account."""


def test_it_writes_every_template_the_manifest_and_the_release(generate: Generate, tmp_path: Path) -> None:
    assert generate().code == 0
    build = tmp_path / "build"
    for name in ENVIRONMENTS:
        files = {path.name for path in (build / name).iterdir()}
        others = {"bootstrap.json", "root.json", "flat.json", "manifest.json", "sources.json", "assets"}
        assert files == {f"{service}.json" for service in SERVICES} | others | (SECOND if name == "prod" else set())
        manifest = contract.decode((build / name / "manifest.json").read_bytes())
        for template in manifest.templates:
            data = (build / name / template.path).read_bytes()
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (template.sha256, template.size)
        for asset in manifest.assets:
            assert hashlib.sha256((build / name / asset.path).read_bytes()).hexdigest() == asset.sha256
    release = json.loads((build / "release.json").read_bytes())
    assert [build["environment"] for build in release["builds"]] == list(ENVIRONMENTS)


def test_the_tools_account_is_an_environment_beside_those_that_a_release_goes_through(generate: Generate, tmp_path: Path) -> None:
    assert generate().code == 0
    build = tmp_path / "build"
    tools = contract.decode((build / "tools" / "manifest.json").read_bytes())
    assert (tools.environment, tools.account, tools.assets, tools.checks, tools.tools) == ("tools", "444444444444", (), (), None)
    release = json.loads((build / "release.json").read_bytes())
    assert release["tools"] == {"environment": "tools", "manifest": hashlib.sha256(contract.encode(tools)).hexdigest()}
    text = "".join(f"{one['environment']} {one['manifest']}\n" for one in release["builds"])
    assert release["digest"] == hashlib.sha256(text.encode()).hexdigest(), "a change of the pipeline alone is no other release"
    for name in ENVIRONMENTS:
        known = contract.decode((build / name / "manifest.json").read_bytes()).tools
        assert known is not None
        assert (known.account, known.region, known.roles) == (tools.account, tools.region, tools.roles)
        assert known.bucket == tools.artifacts[0].name


def test_the_tools_account_alone_needs_every_environment_and_writes_none(generate: Generate, edit: Edit, tmp_path: Path) -> None:
    assert generate("tools").code == 0
    assert {path.name for path in (tmp_path / "build").iterdir()} == {".cache", "tools"}
    edit("tools", "environments: [dev, staging, prod]", "environments: [dev, stagng, prod, dev]")
    wrong = generate("tools")
    assert wrong.code == 2
    assert "pipeline.environments[1]: there is no environment stagng" in wrong.err
    assert "pipeline.environments[3]: dev stands here twice" in wrong.err
    assert generate("dev").code == 0


def test_the_table_says_what_is_new_changed_unchanged_and_removed(generate: Generate, edit: Edit, tmp_path: Path) -> None:
    first = generate()
    assert "storage        4 resources" in first.out
    assert first.out.count("  new\n") == TEMPLATES
    assert "nothing to do" in generate().out
    edit("dev", "retention_days: 4", "retention_days: 5")
    third = generate()
    assert "changed: ~JobsQueue\n" in third.out
    assert "changed: ~Messaging\n" in third.out
    assert third.out.count("changed: ") == 2
    assert "files: 0 new, 5 changed, 0 removed" in third.out  # messaging, root, flat, manifest and release


def test_only_the_environments_named_are_written(generate: Generate, tmp_path: Path) -> None:
    done = generate("dev")
    assert done.code == 0
    assert {path.name for path in (tmp_path / "build").iterdir()} == {".cache", "dev"}
    assert "release.json stands for runs over all environments" in done.out


def test_what_is_no_longer_generated_is_removed_and_nothing_else(generate: Generate, env_dir: Path, tmp_path: Path) -> None:
    text = (env_dir / "dev.yaml").read_text().replace("111111111111", "666666666666").replace("10.10.", "10.60.")
    (env_dir / "qa.yaml").write_text(text)
    build = tmp_path / "build"
    assert generate().code == 0
    (build / "qa" / "notes.txt").write_text("mine")
    (build / "mine.json").write_text("{}")
    (env_dir / "qa.yaml").unlink()
    done = generate()
    assert "18 removed" in done.out
    assert tree(build).keys() >= {"qa/notes.txt", "mine.json", "dev/root.json"}
    assert [path.name for path in (build / "qa").iterdir()] == ["notes.txt"]


def test_check_writes_nothing_and_exits_3_on_a_difference(generate: Generate, edit: Edit, tmp_path: Path) -> None:
    assert generate("--check").code == 3
    assert not (tmp_path / "build" / "dev").exists()
    assert generate().code == 0
    assert generate("--check").code == 0
    before = tree(tmp_path / "build")
    edit("dev", "memory: 512", "memory: 640")
    assert generate("--check").code == 3
    assert tree(tmp_path / "build") == before


def test_check_finds_a_file_that_somebody_changed(generate: Generate, tmp_path: Path) -> None:
    generate()
    path = tmp_path / "build" / "dev" / "data.json"
    path.write_text(path.read_text().replace("items", "things"))
    assert generate("--check").code == 3


def test_bad_input_exits_2_and_leaves_the_earlier_build_untouched(generate: Generate, edit: Edit, tmp_path: Path) -> None:
    generate()
    before = tree(tmp_path / "build")
    edit("dev", "memory: 512", 'memory: "big"')
    done = generate()
    assert done.code == 2
    assert done.out == ""
    assert 'dev.yaml:13:3: lambda.memory: expected a whole number from 128 to 10240, found "big"' in done.err
    assert tree(tmp_path / "build") == before


@pytest.mark.parametrize("name", ["qa", "../dev", "defaults", ""])
def test_an_environment_that_is_none_exits_2_and_lists_those_that_are(generate: Generate, name: str, tmp_path: Path) -> None:
    done = generate("--", name)
    assert done.code == 2
    assert "dev, prod, staging" in done.err
    assert not (tmp_path / "build").exists()


def test_an_unknown_option_is_a_matter_of_usage(generate: Generate) -> None:
    done = generate("--colour")
    assert done.code == 2
    assert "usage: generate.py" in done.err


OUTPUTS = {
    "a file in its place": lambda path: path.write_text("x"),
    "a dead link": lambda path: path.symlink_to("/nowhere/at/all"),
}


@pytest.mark.parametrize("case", OUTPUTS)
def test_an_output_that_cannot_be_written_is_named(generate: Generate, tmp_path: Path, case: str) -> None:
    OUTPUTS[case](tmp_path / "build")
    done = generate()
    assert done.code == 2
    assert "build" in done.err
    assert "cannot be written" in done.err


def test_a_folder_in_place_of_a_file_stops_everything(generate: Generate, tmp_path: Path) -> None:
    (tmp_path / "build" / "staging" / "root.json").mkdir(parents=True)
    done = generate()
    assert done.code == 2
    assert "nothing was changed" in done.err
    assert tree(tmp_path / "build") == {}


def test_a_full_disk_changes_nothing(generate: Generate, edit: Edit, tmp_path: Path) -> None:
    generate()
    before = tree(tmp_path / "build")
    edit("dev", "memory: 512", "memory: 640")
    done = generate(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)))
    assert done.code == 2
    assert "cannot be written (File too large): nothing was changed" in done.err
    assert tree(tmp_path / "build") == before
    assert not (tmp_path / "build" / ".cache" / "staging").exists()


def test_two_runs_at_once_end_with_one_whole_build(env_dir: Path, tmp_path: Path, generate: Generate) -> None:
    command = [sys.executable, str(ROOT / "generate.py"), "--no-validate", "--env-dir", str(env_dir), "--out", str(tmp_path / "build")]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    ends = [(run.wait(), run.stderr.read() if run.stderr else "") for run in runs]
    assert {code for code, _ in ends} == {0}
    assert generate("--check").code == 0
    for run in runs:
        run.communicate()


@pytest.mark.parametrize("form", ["json", "sarif", "junit"])
def test_results_are_for_programs_too(generate: Generate, form: str) -> None:
    out = generate("--format", form).out
    if form == "junit":
        assert len(ElementTree.fromstring(out.encode())) == TEMPLATES
    else:
        document = json.loads(out)
        assert document["written"] is True if form == "json" else document["version"] == "2.1.0"


def test_json_names_the_logical_ids_that_changed(generate: Generate, edit: Edit) -> None:
    generate()
    edit("dev", "retention_days: 4", "retention_days: 5")
    document = json.loads(generate("--format", "json").out)
    assert document["changed"] == {"dev/messaging.json": ["~JobsQueue"], "dev/root.json": ["~Messaging"]}


def test_every_build_fits_the_published_schema_of_the_manifest(generate: Generate, tmp_path: Path) -> None:
    generate()
    schema = json.loads((ROOT / "docs" / "manifest.schema.json").read_text())
    assert schema == contract.schema(), "run: python -m deploy.manifest"
    for name in ENVIRONMENTS:
        jsonschema_rs.validator_for(schema).validate(json.loads((tmp_path / "build" / name / "manifest.json").read_bytes()))


def test_the_manifest_says_what_a_deployment_needs(generate: Generate, tmp_path: Path) -> None:
    generate()
    manifest = contract.decode((tmp_path / "build" / "prod" / "manifest.json").read_bytes())
    assert [(stack.name, stack.region) for stack in manifest.stacks] == [
        ("tap-replica-prod", "us-west-2"),
        ("tap-app-prod", "us-east-1"),
        ("tap-edge-prod", "us-west-2"),
    ]
    stack = manifest.stacks[1]
    assert (manifest.account, manifest.region) == ("333333333333", "us-east-1")
    assert stack.termination_protection is True
    assert [(trigger.alarm, trigger.since) for trigger in stack.guard.triggers] == [
        ("tap-gate-prod", "create"),
        ("tap-release-prod", "update"),
    ]
    assert stack.guard.monitoring_minutes == 60
    assert "AWS::S3::Bucket" in json.dumps(stack.policy)
    assert manifest.artifacts[0].name == "tap-artifacts-333333333333-us-east-1-prod"
    assert manifest.roles.deploy == "tap-deploy-us-east-1-prod"
    assert {join.producer for join in manifest.joins if join.name == "TableName"} == {"data", "replica_data"}
    assert [check["check"] for check in manifest.checks] == ["outputs", "http", "invoke", "parameter", "alarms"]
    assert {limit.name for limit in manifest.limits} >= {"template bytes", "resources", "resources of one operation"}
    assert manifest.values["lambda.memory"] == 2048
    services = [template.service for template in manifest.templates]
    assert [services.index(root) for root in ("replica_root", "root", "edge_root")] == sorted(
        map(services.index, ("replica_root", "root", "edge_root"))
    )


def test_a_manifest_of_a_later_version_is_refused() -> None:
    import msgspec

    data = (ROOT / "docs" / "manifest.schema.json").read_bytes()
    with pytest.raises(msgspec.ValidationError):
        contract.decode(data)


def test_the_release_depends_on_content_and_on_nothing_else(generate: Generate, edit: Edit, tmp_path: Path) -> None:
    generate()
    release = tmp_path / "build" / "release.json"
    first = json.loads(release.read_bytes())["digest"]
    edit("dev", "memory: 512", "memory: 640")
    generate()
    second = json.loads(release.read_bytes())["digest"]
    edit("dev", "memory: 640", "memory: 512")
    generate()
    assert json.loads(release.read_bytes())["digest"] == first != second


def test_files_are_readable_by_others_whatever_the_umask(generate: Generate, tmp_path: Path) -> None:
    import os

    generate(preexec_fn=lambda: os.umask(0o077) and None)
    assert (tmp_path / "build" / "dev" / "root.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.live
@pytest.mark.row("R18")
def test_templates_are_valid_and_a_second_run_knows_it_from_the_cache(generate: Generate, tmp_path: Path) -> None:
    known_verdicts(tmp_path / "build")
    assert generate(validate=True).code == 0
    verdicts = tmp_path / "build" / ".cache" / "verdicts"
    assert verdicts.stat().st_size > 100
    assert "nothing to do" in generate(validate=True).out


@pytest.mark.live
def test_a_finding_exits_2_names_builder_and_value_and_writes_nothing(generate: Generate, edit: Edit, tmp_path: Path) -> None:
    edit("defaults", "runtime: python3.14", "runtime: python3.8")
    known_verdicts(tmp_path / "build")
    done = generate("dev", validate=True)
    assert done.code == 2
    assert "compute" in done.out
    assert "made at templates/compute.py:" in done.out
    assert "lambda.runtime" in done.out
    assert "nothing was written" in done.err
    assert not (tmp_path / "build" / "dev").exists()


RULES = {"TAP001": "source: https://", "E3012": "source: https://", "W3002": "source: https://"}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_explained_with_its_source(generate: Generate, rule: str) -> None:
    done = generate("--explain", rule)
    assert done.code == 0
    assert done.out.startswith(f"{rule}  ")
    assert RULES[rule] in done.out


def test_a_rule_that_nobody_knows_is_refused(generate: Generate) -> None:
    done = generate("--explain", "X999")
    assert done.code == 2
    assert "rule X999 is not known" in done.err
