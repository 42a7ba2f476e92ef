"""The build folder: all of a change or none, our own files only, one run at a time."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from templates import workspace

EVERYTHING = lambda path: True  # noqa: E731 - a scope in one line reads best


def write(folder: Path, files: dict[str, bytes]) -> workspace.Changes:
    (folder / workspace.CACHE).mkdir(parents=True, exist_ok=True)
    changes = workspace.compare(folder, files, EVERYTHING)
    workspace.write(folder, files, changes)
    return changes


def test_a_failing_rename_puts_everything_back(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"1", "b": b"1"})
    (tmp_path / "z").mkdir()
    files = {"a": b"2", "b": b"2", "z": b"2"}
    with pytest.raises(workspace.WorkspaceError, match="nothing was changed"):
        workspace.write(tmp_path, files, workspace.compare(tmp_path, files, EVERYTHING))
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (b"1", b"1")
    assert not (tmp_path / workspace.CACHE / "staging").exists()


def test_a_file_that_is_not_ours_is_never_removed(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"1"})
    (tmp_path / "mine").write_text("x")
    changes = write(tmp_path, {"b": b"1"})
    assert changes.removed == ("a",)
    assert (tmp_path / "mine").exists()


RECORDS = ["../outside\n", "/etc/passwd\n", "a/../../outside\n", ".hidden\n", "\xff\xfe", "\n\n"]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_that_leads_out_of_the_folder_is_ignored(tmp_path: Path, record: str) -> None:
    build = tmp_path / "build"
    write(build, {"a": b"1"})
    (tmp_path / "outside").write_text("x")
    (build / ".hidden").write_text("x")
    (build / workspace.CACHE / "files").write_text(record, encoding="utf-8")
    assert workspace.compare(build, {}, EVERYTHING).removed == ()
    assert (tmp_path / "outside").exists()


def test_scope_says_which_files_a_run_answers_for(tmp_path: Path) -> None:
    write(tmp_path, {"dev/a": b"1", "prod/a": b"1"})
    changes = workspace.compare(tmp_path, {}, lambda path: path.startswith("dev/"))
    assert changes.removed == ("dev/a",)


def test_a_second_run_waits_says_so_and_gives_up(tmp_path: Path) -> None:
    (tmp_path / workspace.CACHE).mkdir()
    told: list[str] = []
    with (tmp_path / workspace.CACHE / "lock").open("a") as holder:
        fcntl.flock(holder.fileno(), fcntl.LOCK_EX)
        with (
            pytest.raises(workspace.WorkspaceBusyError, match="another run is writing"),
            workspace.locked(tmp_path, told.append, patience=0.1),
        ):
            pass
    assert len(told) == 1
    with workspace.locked(tmp_path, told.append, patience=0.1):
        assert len(told) == 1
