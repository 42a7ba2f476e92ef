"""A plan on disk: what was sealed is applied, or nothing is."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import plan
from deploy.errors import Conflict, Invalid
from deploy.plan import Plan
from tests.report.samples import EVERYTHING, PLANS

SEALED = plan.encode(EVERYTHING)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_read_as_it_was_saved(tmp_path: Path, name: str) -> None:
    path = tmp_path / "folder" / "dev.plan.json"
    plan.save(PLANS[name], path)
    assert plan.load(path) == PLANS[name]
    assert path.read_bytes() == plan.encode(plan.load(path)), "the same value gives the same bytes"


def test_the_seal_is_over_everything_and_over_itself_not() -> None:
    assert plan.seal(EVERYTHING) == EVERYTHING
    assert plan.seal(msgspec.structs.replace(EVERYTHING, digest="x")) == EVERYTHING
    assert EVERYTHING.short == EVERYTHING.digest[:12]
    assert len({made.digest for made in PLANS.values()}) == len(PLANS)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans") / "dev.plan.json"


def refused_or_the_same(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    try:
        read = plan.load(file)
    except (Conflict, Invalid) as error:
        assert error.code in (2, 6)
    else:
        assert read == EVERYTHING, "other bytes of the same plan: white space, or another spelling of a letter"


@pytest.mark.failure("stale plan")
@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(SEALED) - 1), bit=st.integers(0, 7))
def test_whatever_bit_of_a_plan_is_flipped_nothing_else_is_applied(file: Path, at: int, bit: int) -> None:
    data = bytearray(SEALED)
    data[at] ^= 1 << bit
    refused_or_the_same(file, bytes(data))


@settings(max_examples=100, deadline=None)
@given(start=st.integers(0, len(SEALED)), length=st.integers(1, 200), put=st.binary(max_size=8))
def test_whatever_part_of_a_plan_is_cut_out_or_replaced_nothing_else_is_applied(file: Path, start: int, length: int, put: bytes) -> None:
    refused_or_the_same(file, SEALED[:start] + put + SEALED[start + length :])


TAMPERED = {
    "the account": ("account", "999999999999"),
    "the environment": ("environment", "prod"),
    "a bucket": ("artifacts", [{"name": "theirs", "region": "us-east-1"}]),
    "a role": ("roles", {"publish": "p", "plan": "p", "deploy": "p", "execution": "administrator", "external_id": "x"}),
}


@pytest.mark.failure("stale plan")
@pytest.mark.parametrize("what", TAMPERED)
def test_a_plan_that_names_something_else_is_refused(file: Path, what: str) -> None:
    key, value = TAMPERED[what]
    said = json.loads(SEALED)
    said["manifest"][key] = value
    file.write_text(json.dumps(said))
    with pytest.raises(Conflict, match="changed after it was sealed") as caught:
        plan.load(file)
    assert caught.value.code == 6


@pytest.mark.failure("stale plan")
def test_a_finding_that_was_taken_out_is_missed(file: Path) -> None:
    said = json.loads(SEALED)
    said["proposals"][0]["review"]["findings"] = []
    file.write_text(json.dumps(said))
    with pytest.raises(Conflict):
        plan.load(file)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "no plan", id="empty"),
        pytest.param(b"\xff\xfe\x00", "no plan", id="binary"),
        pytest.param(b"Dear plan,", "no plan", id="text"),
        pytest.param(b"[]", "no plan", id="a list"),
        pytest.param(b"{}", "no plan", id="an object of something else"),
        pytest.param(b"[" * 100_000, "no plan", id="deeply nested"),
        pytest.param(SEALED[:-40], "no plan", id="half of one"),
        pytest.param(SEALED.replace(b'"version": 1\n}', b'"version": 2\n}'), "version 2; this deployer reads 1", id="a later version"),
        pytest.param(SEALED.replace(b'"by"', b'"byy"', 1), "no plan", id="an unknown field"),
    ],
)
def test_what_is_no_plan_of_this_version_is_said_to_be_none(file: Path, data: bytes, said: str) -> None:
    file.write_bytes(data)
    with pytest.raises(Invalid, match=said) as caught:
        plan.load(file)
    assert caught.value.code == 2
    assert "plan" in caught.value.remedy


def test_a_place_that_holds_no_file_is_said_with_how_to_make_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "missing.json", tmp_path, tmp_path / "file" / "below.json"):
        with pytest.raises(Invalid, match=str(path)) as caught:
            plan.load(path)
        assert "python -m deploy plan ENV --out FILE" in caught.value.remedy


@pytest.mark.failure("stale plan")
def test_a_plan_lives_for_a_day(file: Path) -> None:
    plan.check_age(EVERYTHING, EVERYTHING.expires - timedelta(seconds=1))
    with pytest.raises(Conflict, match="it expired at 2026-03-05 12:00 UTC") as caught:
        plan.check_age(EVERYTHING, EVERYTHING.expires)
    assert caught.value.code == 6
    assert EVERYTHING.expires - EVERYTHING.created == plan.LIFETIME


@given(st.dictionaries(st.text(max_size=3), st.lists(st.integers()), max_size=5))
def test_the_digest_of_content_does_not_depend_on_the_order_of_keys(value: dict[str, list[int]]) -> None:
    turned = dict(reversed(value.items()))
    assert plan.digest_of_content(value) == plan.digest_of_content(turned)


def test_a_plan_changes_something_where_any_part_of_it_does() -> None:
    def changes(made: Plan) -> bool:
        return made.changes

    assert {name: changes(made) for name, made in PLANS.items()} == {
        "everything": True, "small": True, "nothing": False, "settings": True, "create": True,
    }  # fmt: skip
