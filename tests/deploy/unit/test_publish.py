"""Publishing: children, then roots, then the manifest, each once, so that a manifest that is there vouches for all that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from deploy import manifest as contract
from deploy.account import Account
from deploy.aws.sessions import Sessions
from deploy.aws.store import Store
from deploy.errors import Denied, Invalid, OutcomeUnknown
from deploy.manifest import Asset, Bucket, Guard, Stack, Template
from deploy.publish import Published, manifest_key, proof_key, publish
from tests.deploy.unit.fakes import FakeStore
from tests.local.conftest import Aws, Faults
from tests.report.samples import MANIFEST

TEMPLATES = {"data": b'{"Resources":{"Items":{}}}', "compute": b'{"Resources":{"Api":{}}}', "root": b'{"Resources":{"Data":{}}}'}
ASSETS = {"api": b"PK\x03\x04api", "worker": b"PK\x03\x04worker"}


@dataclass(frozen=True, kw_only=True)
class Offline(Account):
    """An account whose buckets are in memory, by region."""

    buckets: dict[str, FakeStore] = field(default_factory=dict)

    def store(self, task: object, region: str) -> Store:
        assert task in ("publish", "plan")  # who plans looks whether it is there
        return self.buckets.setdefault(region, FakeStore())  # type: ignore[return-value]  # held to one behaviour in test_store.py


@dataclass(frozen=True, kw_only=True)
class Reaching(Offline):
    """In AWS's own partition, which no network tells here."""

    @property
    def partition(self) -> str:
        return "aws"


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def built(folder: Path, account: str = "111111111111", bucket: str = "artifacts", regions: tuple[str, ...] = ("us-east-1",)) -> bytes:
    """A build folder as `generate.py` writes it; the manifest's bytes."""
    (folder / "assets").mkdir(parents=True)
    for service, data in TEMPLATES.items():
        (folder / f"{service}.json").write_bytes(data)
    for data in ASSETS.values():
        (folder / "assets" / f"{digest(data)}.zip").write_bytes(data)
    guard = Guard(triggers=(), monitoring_minutes=0)
    stack = Stack(
        name="tap-app-dev", region="us-east-1", root="root", services=("data", "compute"), capabilities=(), termination_protection=False, policy={},
        guard=guard,
    )  # fmt: skip
    made = msgspec.structs.replace(
        MANIFEST,
        account=account,
        artifacts=tuple(Bucket(name=bucket, region=region) for region in regions),
        stacks=(stack,),
        templates=tuple(
            Template(service=name, path=f"{name}.json", sha256=digest(data), size=len(data), resources=1, parameters=0, outputs=0)
            for name, data in TEMPLATES.items()
        ),
        assets=tuple(
            Asset(name=name, path=f"assets/{digest(data)}.zip", sha256=digest(data), size=len(data)) for name, data in ASSETS.items()
        ),
    )
    return contract.encode(made)


@pytest.fixture
def offline(tmp_path: Path) -> Offline:
    data = built(tmp_path, regions=("us-east-1", "eu-west-1"))
    return Offline(manifest=contract.decode(data), data=data, folder=tmp_path, sessions=Sessions())


def test_a_root_comes_after_its_children_and_the_manifest_last(offline: Offline) -> None:
    first, second = publish(offline)
    size = sum(map(len, (*TEMPLATES.values(), *ASSETS.values(), offline.data)))
    assert first == Published(bucket="artifacts", objects=6, uploaded=6, size=size) == second
    for store in offline.buckets.values():
        *before, root, manifest = store.written
        assert set(before) == {
            *(f"templates/{digest(TEMPLATES[name])}.json" for name in ("data", "compute")),
            *(f"assets/{digest(data)}.zip" for data in ASSETS.values()),
        }
        assert root == f"templates/{digest(TEMPLATES['root'])}.json"
        assert manifest == manifest_key(offline.digest)
        assert all(digest(held.data) in key for key, held in store.objects.items())


def test_a_second_run_asks_one_question_and_uploads_nothing(offline: Offline) -> None:
    publish(offline)
    for store in offline.buckets.values():
        store.written.clear()
    assert [(one.objects, one.uploaded, one.size) for one in publish(offline)] == [(6, 0, 0)] * 2
    assert [(one.objects, one.uploaded, one.size) for one in publish(offline, every=True)] == [(6, 0, 0)] * 2
    assert all(store.written == [] for store in offline.buckets.values())


def test_what_is_there_is_not_sent_again_to_learn_that_it_is(offline: Offline) -> None:
    publish(offline)
    for region, store in offline.buckets.items():
        offline.buckets[region] = Breaks(objects=store.objects)
    publish(offline, every=True)


@pytest.mark.failure("publishing half done")
@pytest.mark.parametrize("gone", range(6))
def test_whatever_a_killed_run_did_not_write_the_next_one_does_and_no_more(offline: Offline, gone: int) -> None:
    publish(offline)
    store = offline.buckets["us-east-1"]
    missing = store.written[gone:]
    for key in missing:
        del store.objects[key]
    store.written.clear()
    assert publish(offline)[0].uploaded == len(missing)
    assert sorted(store.written) == sorted(missing)


@pytest.mark.failure("publishing half done")
def test_where_every_object_is_asked_for_what_is_missing_behind_a_manifest_is_found(offline: Offline) -> None:
    publish(offline)
    lost = f"assets/{digest(ASSETS['api'])}.zip"
    del offline.buckets["us-east-1"].objects[lost]
    assert publish(offline)[0].uploaded == 0, "the manifest vouches for it"
    assert publish(offline, every=True)[0].uploaded == 1
    assert offline.buckets["us-east-1"].has(lost)


@dataclass
class Breaks(FakeStore):
    """Ends at one key."""

    at: str = ""

    def put_if_absent(self, key: str, data: bytes, kind: str = "application/json") -> bool:
        if key.startswith(self.at):
            raise OutcomeUnknown("s3:PutObject", "AWS cannot be reached")
        return super().put_if_absent(key, data, kind)


@pytest.mark.failure("publishing half done")
@pytest.mark.parametrize("at", ["assets/", "templates/", "manifests/"])
def test_after_an_error_there_is_no_manifest_and_no_root_without_its_children(offline: Offline, at: str) -> None:
    store = offline.buckets["us-east-1"] = Breaks(at=at)
    with pytest.raises(OutcomeUnknown):
        publish(offline)
    assert not store.has(manifest_key(offline.digest))
    if at != "manifests/":
        assert not store.has(f"templates/{digest(TEMPLATES['root'])}.json")


def test_progress_is_shown_to_the_last_object(offline: Offline) -> None:
    seen: list[tuple[int, int, int]] = []
    publish(offline, progress=lambda done, total, size: seen.append((done, total, size)))
    assert len(seen) == 12
    assert {total for _, total, _ in seen} == {6}
    assert seen[-1][0] == 6
    assert seen[-1][2] == publish(offline)[0].size or seen[-1][2] > 0


@pytest.mark.parametrize("name", ["data.json", "root.json", f"assets/{digest(ASSETS['api'])}.zip"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_build_folder_that_is_not_what_its_manifest_says_is_refused_before_anything_is_sent(
    offline: Offline, name: str, how: str
) -> None:
    file = offline.folder / name
    file.write_bytes(b"{}") if how == "changed" else file.unlink()
    with pytest.raises(Invalid, match="not what the manifest says" if how == "changed" else "cannot be read") as caught:
        publish(offline)
    assert caught.value.code == 2
    assert "make generate" in caught.value.remedy
    assert offline.buckets == {}


def online(aws: Aws, folder: Path, bucket: str) -> Account:
    data = built(folder, aws.account, bucket)
    sessions = Sessions(endpoint=aws.url, keys=(aws.account, "secret"))
    return Account(manifest=contract.decode(data), data=data, folder=folder, sessions=sessions)


def test_into_s3_it_goes_the_same_way(aws: Aws, tmp_path: Path) -> None:
    bucket = f"artifacts-{aws.account}"
    aws.client("s3").create_bucket(Bucket=bucket)
    account = online(aws, tmp_path, bucket)
    assert [one.uploaded for one in publish(account)] == [6]
    kinds = {
        one["Key"].split("/")[0]: aws.client("s3").head_object(Bucket=bucket, Key=one["Key"])["ContentType"]
        for one in aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    }
    assert kinds == {"assets": "application/zip", "templates": "application/json", "manifests": "application/json"}
    asked = account.sessions.calls.total
    assert [one.uploaded for one in publish(account)] == [0]
    assert account.sessions.calls.total == asked + 1


@pytest.mark.failure("publishing half done")
def test_a_bucket_that_is_not_there_says_who_makes_it(aws: Aws, tmp_path: Path) -> None:
    account = online(aws, tmp_path, f"missing-{aws.account}")
    with pytest.raises(Denied, match=f"bucket missing-{aws.account}: it is not in account {aws.account}") as caught:
        publish(account)
    assert caught.value.code == 5
    assert "python -m deploy bootstrap" in caught.value.remedy


@pytest.mark.failure("network loss")
def test_an_answer_that_is_lost_on_the_way_is_no_failure(aws: Aws, faults: Faults, tmp_path: Path) -> None:
    bucket = f"artifacts-{aws.account}"
    aws.client("s3").create_bucket(Bucket=bucket)
    faults.add(service="s3", action="PutObject", drop="answer", times=1)
    publish(online(aws, tmp_path, bucket))
    assert aws.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 6


def released(offline: Offline, proof: bytes = b"{}") -> str:
    """The release that this environment is a part of, with a proof of parity beside it; the key of the proof."""
    release = contract.Release(
        version=1,
        digest="d" * 64,
        commit=None,
        builds=(contract.Build(environment=offline.manifest.environment, manifest=offline.digest),),
        parity=digest(b"{}"),
    )
    (offline.folder.parent / "release.json").write_bytes(contract.encode(release))
    (offline.folder.parent / "parity.json").write_bytes(proof)
    return proof_key("d" * 64)


@pytest.fixture
def nested(tmp_path: Path) -> Offline:
    """In a folder of its own, as in `build/`."""
    data = built(tmp_path / "dev")
    return Offline(manifest=contract.decode(data), data=data, folder=tmp_path / "dev", sessions=Sessions())


def test_the_proof_of_parity_of_a_release_is_published_before_the_manifest(nested: Offline) -> None:
    key = released(nested)
    publish(nested)
    assert nested.buckets["us-east-1"].written[0] == key
    assert nested.buckets["us-east-1"].objects[key].data == b"{}"


def test_the_proof_of_a_new_release_is_published_where_this_environment_has_not_changed(nested: Offline) -> None:
    publish(nested)
    key = released(nested)
    assert publish(nested)[0].uploaded == 0
    assert nested.buckets["us-east-1"].has(key)


def test_a_proof_that_is_not_the_release_s_is_refused(nested: Offline) -> None:
    released(nested, b"another one")
    with pytest.raises(Invalid, match="it is not what the manifest says"):
        publish(nested)
    assert nested.buckets == {}


@pytest.mark.row("R26")
def test_a_release_with_stack_sets_has_an_index_in_every_bucket_before_its_manifest(offline: Offline) -> None:
    """What it says is what lies there, byte for byte."""
    from tests.clearing.test_sets import declared

    made = msgspec.structs.replace(offline.manifest, stack_sets=(declared("baseline", "data"),))
    data = contract.encode(made)
    account = Reaching(manifest=made, data=data, folder=offline.folder, sessions=Sessions())
    publish(account)
    for region in ("us-east-1", "eu-west-1"):
        store = account.buckets[region]
        held = store.get(f"releases/{account.digest}/index.json")
        assert held
        listed = msgspec.json.decode(held.data)
        (one,) = listed["stack_sets"]
        assert one["template"]["urls"][region] == f"https://s3.{region}.amazonaws.com/artifacts/templates/{one['template']['sha256']}.json"
        template = store.get(f"templates/{one['template']['sha256']}.json")
        assert template
        assert digest(template.data) == one["template"]["sha256"]
        assert len(template.data) == one["template"]["size"]
    assert publish(account, every=True)[0].uploaded == 0
