"""Function zips: the same bytes on any machine, with what the function needs and nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.assets import HANDLERS, Asset, AssetError, asset_key, package, snapshot

FOLDERS = ("api", "drift", "worker")

# Of the sample below. A change here means that every asset of every environment is published again.
SAMPLE_SHA256 = "6bedb02efc36124fbc3a7a7534590aa524feaea260cca5b1047a570479512497"


@pytest.fixture
def handlers(tmp_path: Path) -> Path:
    """A sample handlers folder: one function, one shared module."""
    root = tmp_path / "handlers"
    for name, text in {
        "one/handler.py": "ONE = 1\n",
        "one/data/limits.json": "{}\n",
        "shared/__init__.py": "",
        "shared/z.py": "Z = 1\n",
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return root


def names(asset: Asset) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(asset.data)).namelist()


def test_a_zip_holds_the_handler_and_beside_it_the_shared_folder_in_order(handlers: Path) -> None:
    assert names(package("one", handlers)) == ["data/limits.json", "handler.py", "shared/__init__.py", "shared/z.py"]


def test_members_are_in_order_of_their_names_whatever_order_the_file_system_has(handlers: Path) -> None:
    for number in range(40):
        (handlers / "one" / f"part_{number * 7 % 40:02}.py").write_text("")
    assert names(package("one", handlers)) == sorted(names(package("one", handlers)))


def test_a_zip_is_named_by_its_folder_and_its_content(handlers: Path) -> None:
    asset = package("one", handlers)
    assert (asset.name, asset.sha256) == ("one", hashlib.sha256(asset.data).hexdigest())
    assert asset_key(asset.sha256) == f"assets/{asset.sha256}.zip"


def test_the_sample_has_the_bytes_it_always_had(handlers: Path) -> None:
    assert package("one", handlers).sha256 == SAMPLE_SHA256


def test_every_member_has_one_time_one_mode_and_no_compression(handlers: Path) -> None:
    for info in zipfile.ZipFile(io.BytesIO(package("one", handlers).data)).infolist():
        assert info.date_time == (1980, 1, 1, 0, 0, 0)
        assert info.external_attr >> 16 == stat.S_IFREG | 0o644
        assert info.compress_type == zipfile.ZIP_STORED
        assert info.create_system == 3


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_handler_can_be_packed_and_its_zip_is_sound(folder: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(package(folder).data))
    assert archive.testzip() is None
    assert {"handler.py", "shared/configuration.py", "shared/logs.py", "shared/clients.py"} <= set(archive.namelist())
    assert archive.read("handler.py") == (HANDLERS / folder / "handler.py").read_bytes()


def test_handlers_are_different_assets() -> None:
    assert len({package(folder).sha256 for folder in FOLDERS}) == len(FOLDERS)


def test_a_folder_is_packed_once_a_process() -> None:
    assert package("api") is package("api")


def _in_a_process(root: Path, cwd: Path, seed: str, umask: int) -> str:
    program = f"""
import os, sys, time
os.umask({umask})
sys.path.insert(0, {str(HANDLERS.parent.parent)!r})
from pathlib import Path
from resources.assets import package
print(package("one", Path({str(root)!r})).sha256)
"""
    env = {"PYTHONHASHSEED": seed, "TZ": f"Etc/GMT+{seed}", "LC_ALL": "C", "PATH": os.environ["PATH"]}
    return subprocess.run([sys.executable, "-c", program], cwd=cwd, env=env, capture_output=True, text=True, check=True).stdout.strip()


def test_the_bytes_depend_on_no_folder_hash_seed_time_zone_or_umask(handlers: Path, tmp_path: Path) -> None:
    here = package("one", handlers).sha256
    assert _in_a_process(handlers, tmp_path, "1", 0o077) == here
    assert _in_a_process(handlers, Path("/"), "7", 0o000) == here


def test_the_bytes_depend_on_no_time_mode_or_order_of_the_files(handlers: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "handlers"
    for file in sorted((path for path in handlers.rglob("*") if path.is_file()), reverse=True):
        copy = other / file.relative_to(handlers)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
        copy.chmod(0o755)
        os.utime(copy, (2_000_000_000, 2_000_000_000))
    assert package("one", other).data == package("one", handlers).data


@pytest.mark.parametrize("name", ["one/handler.py", "one/data/limits.json", "shared/z.py"])
def test_a_change_in_any_file_is_another_asset(handlers: Path, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    shutil.copytree(handlers, other)
    with (other / name).open("a") as file:
        file.write("#")
    assert package("one", other).sha256 != package("one", handlers).sha256


@pytest.mark.parametrize(
    "name",
    [
        "one/__pycache__/handler.cpython-311.pyc",
        "one/handler.pyc",
        "one/.DS_Store",
        "one/.hidden/x.py",
        "shared/__pycache__/z.py",
        "shared/.z.py.swp",
    ],
)
def test_what_python_editors_and_systems_leave_behind_is_not_packed(handlers: Path, name: str) -> None:
    left = handlers / name
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"x")
    assert package("one", handlers).sha256 == SAMPLE_SHA256


@pytest.mark.parametrize("name", ["one/link.py", "shared/link.py", "one/link"])
def test_a_symlink_is_refused(handlers: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").mkdir()
    (handlers / name).symlink_to(tmp_path / "secret")
    with pytest.raises(AssetError, match=r"link.*symlink or a special file"):
        package("one", handlers)


def test_a_handler_folder_that_is_a_symlink_is_refused(handlers: Path) -> None:
    (handlers / "two").symlink_to(handlers / "one")
    with pytest.raises(AssetError, match=r"two/: there is no such folder in handlers/, or it is a symlink"):
        package("two", handlers)


def test_a_special_file_is_refused(handlers: Path) -> None:
    os.mkfifo(handlers / "one" / "pipe")
    with pytest.raises(AssetError, match="pipe: is a symlink or a special file"):
        package("one", handlers)


def test_a_name_that_file_systems_spell_differently_is_refused(handlers: Path) -> None:
    (handlers / "one" / "größe.py").write_text("")
    with pytest.raises(AssetError, match="not ASCII"):
        package("one", handlers)


@pytest.mark.parametrize("folder", ["shared", "..", "../one", "one/data", "", "/tmp", "One", "one\n", ".hidden"])
def test_a_folder_must_be_the_plain_name_of_a_handler(handlers: Path, folder: str) -> None:
    with pytest.raises(AssetError, match="expected the name of a folder in handlers/"):
        package(folder, handlers)


def test_a_folder_that_is_not_there_is_named(handlers: Path) -> None:
    with pytest.raises(AssetError, match="handler folder three/: there is no such folder in handlers/"):
        package("three", handlers)


def test_a_folder_without_a_handler_is_refused(handlers: Path) -> None:
    (handlers / "one" / "handler.py").rename(handlers / "one" / "other.py")
    with pytest.raises(AssetError, match=r"handlers/one/handler\.py is missing"):
        package("one", handlers)


@pytest.mark.parametrize("name", ["shared.py", "shared/logs.py"])
def test_a_file_that_would_hide_the_shared_folder_is_refused(handlers: Path, name: str) -> None:
    file = handlers / "one" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("")
    with pytest.raises(AssetError, match="would hide the folder shared/"):
        package("one", handlers)


def test_a_snapshot_is_eight_hex_digits_that_fit_a_logical_id(handlers: Path) -> None:
    digits = snapshot(package("one", handlers), "{}")
    assert len(digits) == 8
    assert int(digits, 16) >= 0


TEXTS = st.lists(st.text(), max_size=4)
SAMPLE = Asset(name="one", sha256="a" * 64, data=b"")


@given(one=TEXTS, other=TEXTS)
def test_snapshots_are_the_same_exactly_when_code_and_configuration_are(one: list[str], other: list[str]) -> None:
    assert (snapshot(SAMPLE, *one) == snapshot(SAMPLE, *other)) == (one == other)


def test_another_code_is_another_snapshot() -> None:
    assert snapshot(SAMPLE, "x") != snapshot(Asset(name="one", sha256="b" * 64, data=b""), "x")


def test_pieces_of_configuration_are_kept_apart() -> None:
    assert len({snapshot(SAMPLE, *parts) for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("1:ab", "c"), ("abc", ""))}) == 5


def test_an_asset_does_not_print_its_bytes(handlers: Path) -> None:
    assert "PK" not in repr(package("one", handlers))
