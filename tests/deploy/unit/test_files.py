"""Files that must survive: whole or not at all, whatever the disk says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import files
from deploy.errors import Invalid, OutcomeUnknown
from tests.conftest import ROOT

# A limit on the size of files is a disk that is full for this process alone.
FULL = """
import resource, sys
from pathlib import Path
from deploy import files
from deploy.errors import OutcomeUnknown
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    files.write(Path(sys.argv[1]), b"new" * 1000)
except OutcomeUnknown as error:
    print(error.text)
    sys.exit(error.code)
"""


def test_a_file_is_written_with_the_folders_that_it_needs_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "plan.json"
    files.write(path, b"first, and longer")
    files.write(path, b"second")
    assert path.read_bytes() == b"second"
    assert [one.name for one in path.parent.iterdir()] == ["plan.json"]


@pytest.mark.failure("disk full")
def test_a_full_disk_leaves_the_old_content_and_nothing_else_and_ends_with_75(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(b"old")
    ended = subprocess.run([sys.executable, "-c", FULL, str(path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 75, ended.stderr
    assert f"file {path}: it cannot be written: File too large" in ended.stdout
    assert "run the same command again" in ended.stdout
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.failure("disk full")
@pytest.mark.parametrize("name", ["file/below/plan.json", "x" * 300], ids=["a file in the way", "too long"])
def test_a_place_that_takes_no_file_ends_with_75_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").write_bytes(b"")
    with pytest.raises(OutcomeUnknown, match="it cannot be written") as caught:
        files.write(tmp_path / name, b"new")
    assert caught.value.code == 75
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.parametrize("kind", ["a folder", "a pipe"])
def test_what_is_no_file_is_never_replaced_by_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "place"
    path.mkdir() if kind == "a folder" else os.mkfifo(path)
    with pytest.raises(Invalid, match="no ordinary file") as caught:
        files.write(path, b"new")
    assert caught.value.code == 2
    assert path.is_dir() if kind == "a folder" else path.is_fifo()
    assert [one.name for one in tmp_path.iterdir()] == ["place"]
