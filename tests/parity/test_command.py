"""`parity` as a person calls it: what it prints, how it exits, and what it says of a build folder that is not as it should be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.__main__ import run
from deploy.parity.proof import Finding, Proof, decode, encode
from templates.generation import Request, generate
from tests.conftest import ROOT

Break = Callable[[Path], object]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `generate.py` writes of this repository."""
    out = tmp_path_factory.mktemp("whole") / "build"
    generate(Request(env_dir=ROOT / "env", out=out, validate=False), tell=print)
    return out


@pytest.fixture
def build(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "build", ignore=shutil.ignore_patterns(".cache"))
    return tmp_path / "build"


@pytest.mark.row("R08")
@pytest.mark.parametrize("names", [(), ("dev", "prod"), ("prod", "staging"), ("staging", "staging", "dev")])
def test_environments_that_hold_parity_exit_0(build: Path, names: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["parity", *names, "--build", str(build)]) == 0
    out = capsys.readouterr().out
    assert "The same infrastructure" in out
    assert "network.nat_gateways" in out


@pytest.mark.parametrize("form", ["text", "json", "markdown", "sarif"])
def test_a_finding_exits_3_in_every_form_with_both_values_and_both_lines(
    build: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding(
        kind="identity",
        environment="prod",
        other="dev",
        path="monitoring/Resources/ApiErrorsAlarm/Properties/Threshold",
        has="500",
        expected="5",
        origin="templates/monitoring.py:55",
        place="env/prod.yaml:1",
        because="name",
    )
    proof(build, lambda made: msgspec.structs.replace(made, findings=(finding,)))
    assert run(["parity", "--build", str(build), "--format", form]) == 3
    out = capsys.readouterr().out
    for said in (
        "prod",
        "ApiErrorsAlarm",
        "500",
        "templates/monitoring.py" if form == "sarif" else "templates/monitoring.py:55",
        "env/prod.yaml",
    ):
        assert said in out
    if form == "sarif":
        result = json.loads(out)["runs"][0]["results"][0]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 55
        assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "env/prod.yaml"


def test_a_finding_of_an_environment_that_was_not_asked_for_is_left_out(build: Path) -> None:
    finding = Finding(kind="identity", environment="staging", other="dev", path="x", has="1", expected="2")
    proof(build, lambda made: msgspec.structs.replace(made, findings=(finding,)))
    assert run(["parity", "dev", "prod", "--build", str(build)]) == 0
    assert run(["parity", "dev", "staging", "--build", str(build)]) == 3


def proof(build: Path, change: Callable[[Proof], Proof]) -> None:
    path = build / "parity.json"
    path.write_bytes(encode(change(decode(path.read_bytes()))))


def test_a_difference_that_the_proof_does_not_know_is_found_by_the_deployer(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The proof and the comparison are made by two halves that do not trust each other."""
    edited(build, lambda template: template["Resources"]["ApiFunction"]["Properties"].update(Timeout=29))
    assert run(["parity", "dev", "prod", "--build", str(build), "--format", "json"]) == 3
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["path"], finding["has"], finding["expected"]) == ("compute/Resources/ApiFunction/Properties/Timeout", "29", "10")
    assert finding["origin"].startswith("templates/compute.py:")


def edited(build: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Another template of prod, with all digests as they would be."""
    template, manifest = build / "prod" / "compute.json", build / "prod" / "manifest.json"
    document, known = json.loads(template.read_bytes()), json.loads(manifest.read_bytes())
    change(document)
    template.write_text(json.dumps(document))
    (mine,) = (one for one in known["templates"] if one["path"] == template.name)
    mine["sha256"] = sha256(template.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(known))
    digest = sha256(manifest.read_bytes()).hexdigest()

    def moved(made: Proof) -> Proof:
        environments = tuple(
            msgspec.structs.replace(one, manifest=digest) if one.environment == "prod" else one for one in made.environments
        )
        return msgspec.structs.replace(made, environments=environments)

    proof(build, moved)


def older(build: Path) -> None:
    """One environment was generated alone, after the proof."""
    path = build / "prod" / "manifest.json"
    path.write_text(path.read_text().replace('"monitoring_minutes": 60', '"monitoring_minutes": 61'))


def cut(path: str, to: int) -> Break:
    return lambda build: (build / path).write_bytes((build / path).read_bytes()[:to])


def version(build: Path) -> None:
    path = build / "parity.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))


def without(build: Path) -> None:
    proof(build, lambda made: msgspec.structs.replace(made, environments=made.environments[:1]))


def alone(build: Path) -> None:
    for name in ("dev", "prod"):
        shutil.rmtree(build / name)


BAD: dict[str, tuple[tuple[str, ...], Break, str]] = {
    "an unknown environment": (("dev", "prd"), lambda build: None, "environment prd: it is not built; built are dev, prod, staging"),
    "one environment": (("dev",), lambda build: None, "it compares environments, and here is dev alone"),
    "the same one twice": (("dev", "dev"), lambda build: None, "here is dev alone"),
    "nothing built": ((), lambda build: shutil.rmtree(build), "nothing is built"),
    "one built": ((), alone, "here is staging alone"),
    "no proof": ((), lambda build: (build / "parity.json").unlink(), "there is no proof of parity"),
    "a damaged proof": ((), cut("parity.json", 100), "this is no proof of parity"),
    "an empty proof": ((), cut("parity.json", 0), "this is no proof of parity"),
    "a proof of another version": ((), version, "parity version 2; this deployer reads 1"),
    "an environment that the proof does not know": ((), without, "it does not speak of"),
    "a proof of an earlier build": ((), older, "it speaks of another build of prod"),
    "a template that is gone": ((), lambda build: (build / "prod" / "keys.json").unlink(), "keys.json: it cannot be read"),
    "a template that was edited": ((), cut("prod/keys.json", 500), "keys.json: it is not what the manifest says"),
    "a damaged manifest": ((), cut("dev/manifest.json", 50), "this is no manifest"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_exits_2_and_says_what_to_do(build: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    names, damage, said = BAD[case]
    damage(build)
    assert run(["parity", *names, "--build", str(build)]) == 2
    captured = capsys.readouterr()
    assert said in " ".join(captured.err.split())
    assert "make generate" in captured.err or "name another one" in captured.err
    assert captured.out == ""


def test_lines_that_are_gone_hide_no_finding(build: Path) -> None:
    edited(build, lambda template: template["Resources"]["ApiFunction"]["Properties"].update(Timeout=29))
    (build / "prod" / "sources.json").write_text("{")
    (build / "dev" / "sources.json").unlink()
    assert run(["parity", "dev", "prod", "--build", str(build)]) == 3
