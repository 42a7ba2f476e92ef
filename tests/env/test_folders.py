"""Which files count: names, links, pipes and folders in their place, missing files, files of environments nobody asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import env

Edit = Callable[[str, str, str], Path]

NAMES = {
    "unknown": ("qa", "there is no such environment: there are dev, prod, staging"),
    "path traversal": ("../env/dev", "'../env/dev' cannot be an environment's name"),
    "absolute": ("/etc/passwd", "cannot be an environment's name"),
    "with its ending": ("dev.yaml", "cannot be an environment's name"),
    "upper case": ("Dev", "cannot be an environment's name"),
    "empty": ("", "cannot be an environment's name"),
    "too long": ("a" * 500, "cannot be an environment's name"),
    "defaults": ("defaults", "defaults is no environment: there are dev, prod, staging"),
    "stacksets": ("stacksets", "stacksets is no environment"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_that_is_no_environment_is_refused_with_those_that_are(env_dir: Path, case: str) -> None:
    name, expected = NAMES[case]
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir, [name])
    assert expected in str(refused.value)


def test_a_symbolic_link_is_refused(env_dir: Path) -> None:
    (env_dir / "qa.yaml").symlink_to(env_dir / "dev.yaml")
    with pytest.raises(env.InvalidEnvironment, match=r"qa\.yaml:1:1: is a symbolic link"):
        env.load(env_dir)


def test_a_folder_in_place_of_a_file_is_refused(env_dir: Path) -> None:
    (env_dir / "qa.yaml").mkdir()
    with pytest.raises(env.InvalidEnvironment, match=r"qa\.yaml:1:1: is no file"):
        env.load(env_dir)


@pytest.mark.parametrize("name", ["defaults", "tools"])
def test_a_missing_shared_file_is_named(env_dir: Path, name: str) -> None:
    (env_dir / f"{name}.yaml").unlink()
    with pytest.raises(env.InvalidEnvironment, match=rf"{name}\.yaml:1:1: is missing"):
        env.load(env_dir)


def test_a_folder_without_environments_says_so(tmp_path: Path) -> None:
    with pytest.raises(env.InvalidEnvironment, match=r"defaults\.yaml:1:1: is missing"):
        env.load(tmp_path / "nowhere")


def test_an_invalid_file_name_is_refused(env_dir: Path) -> None:
    (env_dir / "Dev_2.yaml").write_text("account: 1\n")
    with pytest.raises(env.InvalidEnvironment, match="'Dev_2' cannot be an environment's name"):
        env.load(env_dir)


def test_a_broken_file_of_another_environment_does_not_stop_the_one_asked_for(env_dir: Path) -> None:
    (env_dir / "staging.yaml").write_text("account: [")
    assert [environment.name for environment in env.load(env_dir, ["dev"]).environments] == ["dev"]


def test_a_clash_with_an_environment_that_was_not_asked_for_is_found(env_dir: Path, edit: Edit) -> None:
    edit("staging", "222222222222", "111111111111")
    with pytest.raises(env.InvalidEnvironment, match=r"dev\.yaml:2:1: account: 111111111111 is the account of staging too"):
        env.load(env_dir, ["dev"])


def test_a_clash_between_others_does_not_stop_the_one_asked_for(env_dir: Path, edit: Edit) -> None:
    edit("staging", "222222222222", "333333333333")
    assert [environment.name for environment in env.load(env_dir, ["dev"]).environments] == ["dev"]
    with pytest.raises(env.InvalidEnvironment, match=r"prod\.yaml:2:1: account: 333333333333 is the account of staging too"):
        env.load(env_dir)


def test_a_named_pipe_in_place_of_a_file_is_refused_at_once(env_dir: Path) -> None:
    os.mkfifo(env_dir / "qa.yaml")
    with pytest.raises(env.InvalidEnvironment, match=r"qa\.yaml:1:1: is no file"):
        env.load(env_dir)


@pytest.mark.parametrize("name", ["qa.yml", "qa.YAML"])
def test_a_file_that_would_be_passed_over_for_its_ending_is_named(env_dir: Path, name: str) -> None:
    (env_dir / name).write_text("account: 1\n")
    with pytest.raises(env.InvalidEnvironment, match=rf"{name}:1:1: is passed over"):
        env.load(env_dir)
    assert env.load(env_dir, ["dev"]).environments[0].name == "dev"


def test_hidden_files_are_no_environments(env_dir: Path) -> None:
    (env_dir / ".#dev.yaml").symlink_to("somebody@somewhere")
    assert env.names_in(env_dir) == ("dev", "prod", "staging")
    assert len(env.load(env_dir).environments) == 3


def test_a_line_break_in_a_files_name_does_not_break_the_line(env_dir: Path) -> None:
    (env_dir / "a\nb.yaml").write_text("account: 1\n")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert len(str(refused.value).splitlines()) == 1


def test_defaults_that_cannot_be_read_do_not_hide_what_is_wrong_in_the_environments(env_dir: Path, edit: Edit) -> None:
    (env_dir / "defaults.yaml").write_text("a: [")
    edit("dev", "memory: 512", "memory: 0x200")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert [Path(problem.file).name for problem in refused.value.problems] == ["defaults.yaml", "dev.yaml"]


def test_an_environment_that_does_not_load_clashes_with_nothing(env_dir: Path, edit: Edit) -> None:
    edit("staging", "222222222222", "111111111111")
    edit("staging", "throttle_burst: 1000", "throttle_burst: 1")
    assert [environment.name for environment in env.load(env_dir, ["dev"]).environments] == ["dev"]


def test_a_long_region_leaves_less_for_the_names(env_dir: Path, edit: Edit) -> None:
    edit("defaults", "project: tap", "project: twelveletter")
    (env_dir / "dev.yaml").rename(env_dir / "ninechars.yaml")
    assert env.load(env_dir, ["ninechars"]).environments[0].project == "twelveletter"
    edit("ninechars", "us-east-1", "us-isof-south-1")
    with pytest.raises(env.InvalidEnvironment, match="longer than 63 characters: at most 20 together"):
        env.load(env_dir, ["ninechars"])
