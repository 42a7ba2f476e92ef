"""What a release holds for StackSets, as a list that a person or another tool can use: each set's template by region, size and digest.

It lies beside what it names, under the digest of the manifest that it is made of: ``releases/<manifest>/index.json``, written once.
"""

from __future__ import annotations

from deploy.manifest import Asset, Manifest, encode
from deploy.noun import Noun

# Partitions whose services do not answer under amazonaws.com; source: botocore's endpoints.json.
SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov"}


class Object(Noun, frozen=True, kw_only=True):
    """``urls``: region -> where it is read there; ``size`` in bytes."""

    sha256: str
    size: int
    urls: dict[str, str]


class SetContents(Noun, frozen=True, kw_only=True):
    """``name`` in `stacksets.yaml`, ``set_name`` in AWS; ``regions`` that it goes to."""

    name: str
    set_name: str
    service: str
    template: Object
    regions: tuple[str, ...]


class Code(Noun, frozen=True, kw_only=True):
    """A function's code, which Lambda reads in the function's own region."""

    name: str
    code: Object


class Contents(Noun, frozen=True, kw_only=True):
    """``manifest``: its digest."""

    version: int
    project: str
    account: str
    manifest: str
    stack_sets: tuple[SetContents, ...]
    assets: tuple[Code, ...]


def contents_key(manifest: str) -> str:
    return f"releases/{manifest}/index.json"


def url(partition: str, region: str, bucket: str, key: str) -> str:
    """HTTPS and path style: StackSets take no website's address, and the form is the same for every region and bucket name."""
    return f"https://s3.{region}.{SUFFIXES.get(partition, 'amazonaws.com')}/{bucket}/{key}"


def contents(manifest: Manifest, digest: str, partition: str) -> bytes:
    """The same bytes for the same manifest. ``digest``: of the manifest; ``partition``: of AWS."""

    def everywhere(sha256: str, size: int, key: str) -> Object:
        return Object(
            sha256=sha256, size=size, urls={place.region: url(partition, place.region, place.name, key) for place in manifest.artifacts}
        )

    def code(asset: Asset) -> Code:
        return Code(name=asset.name, code=everywhere(asset.sha256, asset.size, f"assets/{asset.sha256}.zip"))

    templates = {one.service: one for one in manifest.templates}
    sets = tuple(
        SetContents(
            name=one.name,
            set_name=one.set_name,
            service=one.template,
            template=everywhere(made.sha256, made.size, f"templates/{made.sha256}.json"),
            regions=tuple(dict.fromkeys(region for wave in one.waves for region in wave.regions)),
        )
        for one in manifest.stack_sets
        if (made := templates.get(one.template))
    )
    return encode(
        Contents(
            version=1,
            project=manifest.project,
            account=manifest.account,
            manifest=digest,
            stack_sets=sets,
            assets=tuple(map(code, manifest.assets)),
        )
    )
