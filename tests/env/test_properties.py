"""Whatever stands in a file, loading gives an environment or says what is wrong: nothing else."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import env
from env.document import InvalidDocument, parse
from env.rules import block, overlap
from tests.conftest import ROOT

FILES = {name: (ROOT / "env" / f"{name}.yaml").read_bytes() for name in ("dev", "defaults", "tools")}
DEV = FILES["dev"]
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def load(folder: Path, data: bytes, file: str = "dev") -> None:
    (folder / f"{file}.yaml").write_bytes(data)
    try:
        assert env.load(folder, ["dev"]).environments[0].name == "dev"
    except env.InvalidEnvironment as refused:
        assert refused.problems
        for problem in refused.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.message


@pytest.mark.row("R02")
@given(data=st.binary(max_size=300))
@settings(SHARED, max_examples=60)
def test_any_bytes(env_dir: Path, data: bytes) -> None:
    load(env_dir, data)


@pytest.mark.row("R02")
@given(file=st.sampled_from(sorted(FILES)), at=st.floats(0, 1), length=st.integers(0, 40), new=st.binary(max_size=20))
@settings(SHARED, max_examples=80)
def test_any_change_of_a_good_file(env_dir: Path, file: str, at: float, length: int, new: bytes) -> None:
    for name, data in FILES.items():
        (env_dir / f"{name}.yaml").write_bytes(data)
    start = int(len(FILES[file]) * at)
    load(env_dir, FILES[file][:start] + new + FILES[file][start + length :], file)


yaml_marks = st.lists(
    st.sampled_from(["*a", "&a ", "!!str ", "? ", ": ", "- ", "[", "]", "{", "}", ",", "<<", "---", "|", ">", "'", "\n", " ", "#", "%"])
)


@pytest.mark.row("R02")
@given(marks=yaml_marks)
@settings(SHARED, max_examples=80)
def test_any_signs_of_yaml(env_dir: Path, marks: list[str]) -> None:
    load(env_dir, "".join(["lambda:\n  ", *marks]).encode())


yaml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.row("R02")
@given(section=st.sampled_from(["network", "lambda", "storage", "queue", "api", "guard", "colour"]), value=yaml_values)
@settings(SHARED, max_examples=60)
def test_any_value_in_any_section(env_dir: Path, section: str, value: object) -> None:
    import yaml

    document = yaml.safe_load(DEV) | {section: value}
    load(env_dir, yaml.safe_dump(document, allow_unicode=True).encode())


plain = st.recursive(
    st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.from_regex(r"[a-z]{3,12}( [a-z]{3,9})?", fullmatch=True).filter(lambda t: t not in ("true", "false", "null", "yes", "off")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.from_regex(r"[a-z_]{3,9}", fullmatch=True).filter(lambda t: t not in ("true", "false", "null", "yes", "off")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(value=st.dictionaries(st.from_regex(r"k[a-z_]{1,8}", fullmatch=True), plain, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_plain_data_is_read_back_as_it_was(value: dict[str, object]) -> None:
    import yaml

    document = parse(yaml.safe_dump(value), "x.yaml")
    assert document.data == value
    assert not document.problems


@given(text=st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = parse(text, "x.yaml")
    except InvalidDocument as refused:
        assert refused.problems
    else:
        assert isinstance(document.data, dict)


blocks = st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 30)).map(lambda pair: ipaddress.ip_network(pair, strict=False))


@pytest.mark.row("R14")
@given(one=blocks, other=blocks)
def test_address_blocks_overlap_as_the_standard_library_says(one: ipaddress.IPv4Network, other: ipaddress.IPv4Network) -> None:
    left, right = block(str(one)), block(str(other))
    assert left is not None
    assert right is not None
    assert left == (int(one.network_address), int(one.broadcast_address))
    assert overlap(left, right) == one.overlaps(other)
    assert overlap(left, right) == overlap(right, left)
