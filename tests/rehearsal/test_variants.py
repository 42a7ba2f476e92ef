"""A build that was changed is whole: every name is still made of what it names, and nothing changed but what was to."""

from __future__ import annotations

import json
import re
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from deploy import manifest as contract
from deploy.rehearsal import variant
from deploy.rehearsal.build import Build, Change, Unfit, copied

VARIANTS: dict[str, Change] = {
    "harmless": variant.harmless(51),
    "broken queue": variant.broken_queue,
    "longer queue": variant.longer_queue,
    "renamed table": variant.renamed_table,
    "failing": variant.failing("api"),
    "failing users": variant.failing_users("api"),
    "slow": variant.slow("api", 1.5),
    "refusing jobs": variant.refusing_jobs("worker"),
    "impatient queue": variant.impatient_queue,
    "latency": variant.latency_alarms(400),
}


def changed(built: Path, folder: Path, *changes: Change) -> Build:
    build = copied(built, folder / "dev", "222222222222")
    for change in changes:
        change(build)
    build.save()
    return build


@pytest.mark.parametrize("name", VARIANTS)
def test_every_name_is_made_of_what_it_names(built: Path, tmp_path: Path, name: str) -> None:
    home = changed(built, tmp_path, VARIANTS[name]).folder
    manifest = contract.decode((home / "manifest.json").read_bytes())
    named = {entry.path: entry.sha256 for entry in manifest.templates} | {entry.path: entry.sha256 for entry in manifest.assets}
    for path, digest in named.items():
        assert sha256((home / path).read_bytes()).hexdigest() == digest
    for template in manifest.templates:
        assert set(re.findall(r"[0-9a-f]{64}", (home / template.path).read_text())) <= set(named.values()), template.service


@pytest.mark.parametrize("name", VARIANTS)
def test_something_changed_and_in_one_service_beside_the_root(built: Path, tmp_path: Path, name: str) -> None:
    before = contract.decode((changed(built, tmp_path / "before").folder / "manifest.json").read_bytes())
    after = contract.decode((changed(built, tmp_path / "after", VARIANTS[name]).folder / "manifest.json").read_bytes())
    old = {template.service: template.sha256 for template in before.templates}
    moved = {template.service for template in after.templates if template.sha256 != old[template.service]}
    assert len(moved - {"root"}) == 1
    assert "root" in moved


def test_other_code_is_another_version_and_whoever_names_it_follows(built: Path, tmp_path: Path) -> None:
    build = changed(built, tmp_path, variant.failing("api"))
    asset = next(entry for entry in build.manifest["assets"] if entry["name"] == "api")
    _, version, _ = next(one for one in build.resources("AWS::Lambda::Version") if one[1].startswith("Api"))
    alias = build.documents["compute"]["Resources"]["ApiFunctionAlias"]
    assert version == f"ApiFunctionVersion{asset['sha256'][:8]}"
    assert version in json.dumps(alias)
    with zipfile.ZipFile(build.folder / asset["path"]) as archive:
        compile(archive.read("handler.py"), "handler.py", "exec")
        assert b"this release is broken" in archive.read("handler.py")


def test_the_account_is_another_one_everywhere(built: Path, tmp_path: Path) -> None:
    text = (changed(built, tmp_path).folder / "manifest.json").read_text()
    assert "111111111111" not in text
    assert contract.decode(text.encode()).account == "222222222222"


def test_a_build_without_such_a_thing_is_said(disposable: Path, tmp_path: Path) -> None:
    build = copied(disposable, tmp_path / "dev")
    with pytest.raises(Unfit, match="no asset api in dev"):
        variant.failing("api")(build)
    with pytest.raises(Unfit, match="RedrivePolicy"):
        variant.impatient_queue(build)
