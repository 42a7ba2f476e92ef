"""The story of one run: load, build, validate, compare, write; as values that the command prints."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import msgspec

import env
from deploy import manifest as contract
from deploy.parity.proof import FILE
from env.model import Environment
from resources.assets import Asset, handlers, package
from templates import bootstrap, stacksets, workspace
from templates import manifest as manifests
from templates.build import SERVICES, AnyBuilt, Built, build, digest, encode
from templates.validation import Finding, child, validate
from templates.validation.child import Child


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the command was asked for. Without ``names``: every environment. ``prove``: parity, of a run over all of them."""

    names: tuple[str, ...] = ()
    env_dir: Path = Path("env")
    out: Path = Path("build")
    check: bool = False
    validate: bool = True
    prove: bool = True
    today: date = field(default_factory=date.today)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run made. ``files``: path in the build folder -> bytes."""

    builds: tuple[AnyBuilt, ...]
    files: dict[str, bytes]
    changes: workspace.Changes
    findings: tuple[Finding, ...]
    written: bool
    whole: bool


def generate(request: Request, tell: Callable[[str], None]) -> Outcome:
    """Build the environments and write them, or say what is in the way.

    Raises:
        env.InvalidEnvironment, templates.build.BuildError, templates.root.WiringError: nothing was written.
        templates.workspace.WorkspaceError: the build folder cannot be written or is busy.
    """
    platform = env.load(request.env_dir, request.names)
    if platform.home and (wrong := list(stacksets.problems(platform.home, SERVICES, platform.places))):
        raise env.InvalidEnvironment(wrong)
    services = tuple(build(environment) for environment in platform.environments)
    builds: tuple[AnyBuilt, ...] = (*services, build(platform.home)) if platform.home else services
    whole = {built.env.name for built in builds} == {*env.names_in(request.env_dir), contract.TOOLS}
    assets = [package(name) for name in handlers()]
    files = _files(builds, platform, assets)
    proof = _proving(services, platform, assets, files) if whole and request.prove else None
    if request.check:
        return _compare(request, builds, files, platform, proof, whole=whole)
    with workspace.locked(request.out, tell):
        outcome = _compare(request, builds, files, platform, proof, whole=whole)
        if outcome.findings or not outcome.changes.any:
            return outcome
        workspace.write(request.out, outcome.files, outcome.changes)
        return replace(outcome, written=True)


def _with_causes(findings: Sequence[Finding], builds: Sequence[AnyBuilt], platform: env.Platform) -> tuple[Finding, ...]:
    """Findings with the line of the environment file that the faulty piece comes from."""
    from templates.influence import causes

    placed: list[Finding] = []
    for built in builds:
        own = [finding for finding in findings if finding.environment == built.env.name]
        fields = causes(built, {(finding.service, finding.logical_id, finding.path) for finding in own if finding.logical_id})
        for finding in own:
            field = fields.get((finding.service, finding.logical_id, finding.path))
            place = platform.places.get((built.env.name, field)) if field else None
            value = f"{place}: {field}" if place else ""
            placed.append(msgspec.structs.replace(finding, value=value))
    names = {built.env.name for built in builds}
    return (*placed, *(finding for finding in findings if finding.environment not in names))


def _compare(
    request: Request, builds: tuple[AnyBuilt, ...], files: dict[str, bytes], platform: env.Platform, proof: Child | None, *, whole: bool
) -> Outcome:
    """``whole``: over all environments, which makes a release; ``proof``: of it, in the making."""
    cache = request.out / workspace.CACHE
    findings = validate([built.whole for built in builds], cache_dir=cache, today=request.today) if request.validate else ()
    findings = _with_causes(findings, builds, platform) if findings else ()
    if whole:
        files = {**files, **_release(files, child.answer(proof, bytes) if proof else None)}
    scope = _scope([built.env.name for built in builds], whole=whole)
    changes = workspace.compare(request.out, files, scope)
    return Outcome(builds=builds, files=files, changes=changes, findings=findings, written=False, whole=whole)


def _scope(names: Sequence[str], *, whole: bool) -> Callable[[str], bool]:
    """A run over all environments answers for every file; another one for its environments' folders alone."""
    return lambda path: whole or path.split("/", 1)[0] in names


def _proving(builds: Sequence[Built[Environment]], platform: env.Platform, assets: Sequence[Asset], files: Mapping[str, bytes]) -> Child:
    """The proof of parity, made beside the validation."""
    from deploy.parity.proof import encode as encoded
    from templates.parity import prove
    from templates.reading import Builder, copy_of

    digests = {built.env.name: digest(files[f"{built.env.name}/manifest.json"]) for built in builds}
    copies = {built.env.name: copy_of(built, assets) for built in builds}
    make = Builder(assets=assets)
    return child.start("parity", lambda: encoded(prove(platform.environments, make, copies, platform.places, digests)))


def _release(files: Mapping[str, bytes], proof: bytes | None) -> dict[str, bytes]:
    """What a run over all environments makes beside their folders."""
    encoded = {path.removesuffix("/manifest.json"): data for path, data in files.items() if path.endswith("/manifest.json")}
    release = contract.encode(manifests.release(encoded, _commit(), digest(proof) if proof else None))
    return {"release.json": release, **({FILE: proof} if proof else {})}


def _files(builds: Sequence[AnyBuilt], platform: env.Platform, functions: Sequence[Asset]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for built in builds:
        name, assets = built.env.name, functions if built.env is not platform.home or _has_code(built) else []
        manifest = manifests.manifest(built, platform.values[name], assets)
        own = {f"{service}.json": data for service, data in built.encoded.items()}
        own |= {f"{service}.json": encode(made.document) for service, made in built.beside.items()}
        own[f"{bootstrap.NAME}.json"] = built.bootstrap.encoded
        own |= {f"assets/{asset.sha256}.zip": asset.data for asset in assets}
        own |= {"flat.json": encode(built.flat), "sources.json": _sources(built), "manifest.json": contract.encode(manifest)}
        files |= {f"{name}/{path}": data for path, data in own.items()}
    return files


def _has_code(built: AnyBuilt) -> bool:
    return any(made.has_code for made in built.beside.values())


def _sources(built: AnyBuilt) -> bytes:
    """Which line of which module made each resource: for errors of a deployment; no part of the release."""
    lines: dict[str, dict[str, str]] = {}
    for (service, logical_id), origin in built.whole.origins.items():
        lines.setdefault(service, {})[logical_id] = str(origin)
    return encode(lines)


def _commit() -> str | None:
    """The commit of these sources; None where git or the repository is missing."""
    folder = Path(__file__).parent
    try:
        run = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return run.stdout.strip() or None if run.returncode == 0 else None
