"""The workflows of GitHub: pinned, with the least permissions, and the same story as the pipeline in the same commands."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from env.model import ToolsEnvironment
from templates.build import Built
from templates.pipeline import BUILDSPECS
from tests.pipeline.steps import WORKFLOWS, step, workflow

Document = dict[str, Any]
WAY = ("dev", "staging", "prod")
NAMES = ("promote", "review")
every = pytest.mark.parametrize("name", NAMES)


def steps(name: str) -> list[Document]:
    return [each for job in workflow(name)["jobs"].values() for each in job["steps"]]


def commands(step_of: str) -> list[str]:
    found: list[str] = yaml.safe_load((BUILDSPECS / f"{step_of}.yaml").read_text(encoding="utf-8"))["phases"]["build"]["commands"]
    return found


def test_these_are_all_workflows() -> None:
    assert {path.stem for path in WORKFLOWS.iterdir()} == set(NAMES)


@every
def test_actions_are_github_s_own_and_pinned_by_commit_with_the_release_beside(name: str) -> None:
    text = (WORKFLOWS / f"{name}.yaml").read_text(encoding="utf-8")
    used = re.findall(r"uses: *(.*)", text)
    assert used
    for each in used:
        assert re.fullmatch(r"actions/(checkout|upload-artifact|download-artifact)@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+", each), each
    assert len({each.split("@")[0] for each in used}) == len(set(used)), "one release of each"


@every
def test_permissions_are_said_and_only_who_asks_aws_has_an_identity(name: str) -> None:
    made = workflow(name)
    assert made["permissions"] == {"contents": "read"}
    for title, job in made["jobs"].items():
        asks = any("python -m deploy" in each.get("run", "") for each in job["steps"])
        permissions = job.get("permissions", {})
        assert (permissions.get("id-token") == "write") is asks, title
        assert set(permissions) <= {"contents", "id-token", "pull-requests", "security-events"}, title
        assert permissions.get("contents", "read") == "read"
        assert isinstance(job["timeout-minutes"], int)
        for each in job["steps"]:
            if "checkout" in each.get("uses", ""):
                assert each["with"]["persist-credentials"] is False


@every
def test_nothing_that_others_write_becomes_a_command(name: str) -> None:
    """An expression inside a command is text that a title of a pull request may have written: values come as variables."""
    for each in steps(name):
        assert "${{" not in each.get("run", ""), each


@every
def test_secrets_are_none(name: str) -> None:
    assert "secrets." not in (WORKFLOWS / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.row("R08")
def test_the_branch_runs_the_commands_of_the_pipeline() -> None:
    jobs = workflow("promote")["jobs"]
    checked = [each["run"] for each in jobs["check"]["steps"] if "run" in each and each["name"] != "Install"]
    assert checked == commands("check")
    assert [step(jobs["publish"], "Publish")] == commands("publish")
    gates, plan, show, digest, _ = commands("plan")
    for name in WAY:
        made = jobs[f"plan-{name}"]
        assert step(made, "Plan") == plan
        seal = step(made, "Seal")
        assert show in seal
        assert digest.removeprefix("DIGEST=") in seal
        if name != "dev":
            assert f"; then {step(made, 'Gates')}; fi" in gates
        applied = jobs[f"apply-{name}"]
        assert step(applied, "Apply") == commands("apply")[0].replace('"$(printenv "CODEBUILD_SRC_DIR_$PLAN")/plan.json"', "plan/plan.json")
        assert [step(applied, "Verify")] == commands("verify")


@pytest.mark.row("R08")
def test_every_environment_waits_for_its_reviewers_and_for_the_one_before_it() -> None:
    jobs = workflow("promote")["jobs"]
    assert list(jobs) == ["check", "publish", *(f"{what}-{name}" for name in WAY for what in ("plan", "apply"))]
    before = "publish"
    for name in WAY:
        plan, applied = jobs[f"plan-{name}"], jobs[f"apply-{name}"]
        assert plan["needs"] == before
        assert "environment" not in plan, "or nobody could read the plan before saying yes to it"
        assert (applied["needs"], applied["environment"]) == (f"plan-{name}", name)
        assert applied["env"]["DIGEST"] == f"${{{{ needs.plan-{name}.outputs.digest }}}}"
        assert plan["env"].get("BEFORE") == {"dev": None, "staging": "dev", "prod": "staging"}[name]
        before = f"apply-{name}"
    promote = workflow("promote")
    # YAML 1.1 reads the key ``on`` as true.
    triggers = promote.get("on", promote.get(True))  # type: ignore[call-overload]
    assert triggers == {"push": {"branches": ["main"], "paths-ignore": ["docs/**", "*.md"]}}
    assert promote["concurrency"]["cancel-in-progress"] is False


@every
def test_every_role_that_a_job_takes_is_made_for_it(tools: Built[ToolsEnvironment], name: str) -> None:
    made = set(re.findall(r"tap-workflow-[a-z-]*(?=-\$\{AWS::Region\}-tools)", json.dumps(tools.bootstrap.document)))
    taken = {}
    for title, job in workflow(name)["jobs"].items():
        if "AWS_ROLE_ARN" in job.get("env", {}):
            match = re.fullmatch(
                r"arn:aws:iam::\$\{\{ vars\.TOOLS_ACCOUNT \}\}:role/(tap-workflow-[a-z-]+)-\$\{\{ vars\.TOOLS_REGION \}\}-tools",
                job["env"]["AWS_ROLE_ARN"],
            )
            assert match, title
            taken[title] = match.group(1)
    assert set(taken.values()) <= made
    if name == "promote":
        assert taken == {
            "publish": "tap-workflow-plan",
            **{f"plan-{each}": "tap-workflow-plan" for each in WAY},
            **{f"apply-{each}": f"tap-workflow-apply-{each}" for each in WAY},
        }
