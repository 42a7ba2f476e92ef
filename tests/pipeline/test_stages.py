"""Every stage of the pipeline, by the commands of its own buildspec, with nothing but the role of that stage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from templates.generation import Request, generate
from tests.deploy.strict import DEV, STAGING, TOOLS, Accounts, root_keys, strict
from tests.pipeline.steps import Ended, Machine, as_job, as_service, buildspec, step, workflow

PROD = "333333333333"
REGIONS = {"dev": "us-east-1", "staging": "us-east-2", "prod": "us-east-1"}
NUMBERS = {"tools": TOOLS, "dev": DEV, "staging": STAGING, "prod": PROD}
# One check that each environment passes for as long as somebody keeps this parameter there.
CHECK = "\n  - check: parameter\n    path: config/set/ready\n    attempts: 1\n    timeout_seconds: 5"


@dataclass
class Pipeline:
    """``home``: where machines are; ``plans``: environment -> the machine that planned it, and what it exported."""

    accounts: Accounts
    home: Path
    plans: dict[str, tuple[Machine, Ended]] = field(default_factory=dict)
    count: int = 0

    def run(self, step_name: str, environment: str = "", role: str = "", **variables: str) -> Ended:
        """One action. ``role``: the thing of another role than the project's own."""
        own = "" if step_name == "plan" else environment
        project = self._project(f"{step_name.capitalize()}{own.capitalize()}Build")
        spec = buildspec(project)
        given = {each["Name"]: each["Value"] for each in project["Environment"].get("EnvironmentVariables", ())}
        given |= self._told(environment, step_name) if step_name == "plan" else {}
        thing = role or f"pipeline-{step_name}{'-' if own else ''}{own}"
        machine = self.machine(as_service(self.accounts, f"tap-{thing}-us-east-1-tools"), {**given, **variables})
        done = machine.run(spec["phases"]["build"]["commands"], tuple(spec.get("env", {}).get("exported-variables", ())))
        if step_name == "plan":
            self.plans[environment] = machine, done
        return done

    def apply(self, environment: str, *, digest: str = "", role: str = "") -> Ended:
        """As CodePipeline hands the plan on, and the digest that was approved."""
        machine, planned = self.plans[environment]
        plan = f"Plan{environment.capitalize()}"
        folder = {"PLAN": plan, f"CODEBUILD_SRC_DIR_{plan}": str(machine.folder)}
        return self.run("apply", environment, role, DIGEST=digest or planned.exported["DIGEST"], **folder)

    def machine(self, credentials: dict[str, str], variables: dict[str, str]) -> Machine:
        self.count += 1
        console = {"CODEBUILD_BUILD_URL": "https://console.example/build"}
        return Machine(self.home / str(self.count), self.accounts, credentials, {**console, **variables})

    def _project(self, title: str) -> Any:
        return self._resources()[title]["Properties"]

    def _resources(self) -> Any:
        return json.loads((self.accounts.build / "tools" / "pipeline.json").read_text())["Resources"]

    def _told(self, environment: str, step_name: str) -> dict[str, str]:
        """What the pipeline tells the project of this action."""
        stages = self._resources()["Pipeline"]["Properties"]["Stages"]
        actions = next(stage["Actions"] for stage in stages if stage["Name"] == environment.capitalize())
        action = next(one for one in actions if one["Name"] == step_name.capitalize())
        return {one["name"]: one["value"] for one in json.loads(action["Configuration"]["EnvironmentVariables"])}

    def ready(self, name: str, *, is_ready: bool = True) -> None:
        ssm = self.accounts.root(NUMBERS[name]).client("ssm", REGIONS[name])
        path = f"/tap/{name}/config/set/ready"
        if is_ready:
            ssm.put_parameter(Name=path, Value="yes", Type="String", Overwrite=True)
        else:
            ssm.delete_parameter(Name=path)

    def commit(self, old: str, new: str) -> None:
        """Another commit: what it changes in the defaults, and the build of it."""
        source = self.accounts.build.parent / "env"
        text = (source / "defaults.yaml").read_text()
        assert old in text
        (source / "defaults.yaml").write_text(text.replace(old, new))
        generate(Request(env_dir=source, out=self.accounts.build, validate=False), tell=lambda text: None)

    def value(self, name: str) -> str:
        """What the commit changes, as it stands in the environment."""
        found = self.accounts.root(NUMBERS[name]).client("ssm", REGIONS[name]).get_parameter(Name=f"/tap/{name}/config/page-limit")
        return str(found["Parameter"]["Value"])

    def status(self, name: str) -> str:
        cloudformation = self.accounts.root(NUMBERS[name]).client("cloudformation", REGIONS[name])
        return str(cloudformation.describe_stacks(StackName=f"tap-app-{name}")["Stacks"][0]["StackStatus"])

    def release(self, name: str) -> str:
        found = self.accounts.root(NUMBERS[name]).client("ssm", REGIONS[name]).get_parameter(Name=f"/tap/{name}/release")
        return str(json.loads(found["Parameter"]["Value"])["release"])


def prepared(folder: Path, accounts: Accounts, *names: str) -> Pipeline:
    """What people do once: bootstrap each account as its administrator, and the pipeline's own stack as an operator."""
    made = Pipeline(accounts=accounts, home=folder / "machines")
    for name in ("tools", *names):
        done = accounts.run(root_keys(NUMBERS[name]), "bootstrap", name, "--yes")
        assert done.returncode == 0, done.stderr
    for name in names:
        made.ready(name)
    done = accounts.run(accounts.operator(), "up", "tools", "--yes")
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("pipeline")
    with strict(folder, more_checks=CHECK) as accounts:
        yield prepared(folder, accounts, "dev", "staging")


@pytest.mark.row("R08")
@pytest.mark.row("R11")
def test_the_first_environment_is_planned_applied_and_verified_with_the_roles_of_these_stages_alone(pipeline: Pipeline) -> None:
    published = pipeline.run("publish", ENVIRONMENTS="dev staging")
    assert published.code == 0, published.err
    planned = pipeline.run("plan", "dev")
    assert planned.code == 0, planned.err
    assert len(planned.exported["DIGEST"]) == 64
    assert planned.exported["REVIEW"] == "https://console.example/build"
    machine, _ = pipeline.plans["dev"]
    assert (machine.folder / "plan.md").read_text() in planned.out, "the review stands in the log as well"
    denied = pipeline.apply("dev", role="pipeline-plan")
    assert denied.code == 5
    assert "role/tap-deploy-us-east-1-dev" in denied.err, "who plans cannot execute"
    other = pipeline.apply("dev", digest="0" * 64)
    assert other.code == 4, other.err
    applied = pipeline.apply("dev")
    assert applied.code == 0, applied.err
    assert pipeline.apply("dev").code == 0, "a stage that is retried finds its plan applied"
    assert pipeline.run("verify", "dev").code == 0


@pytest.mark.row("R11")
@pytest.mark.parametrize("role", ["pipeline-check", "pipeline-apply-dev"])
def test_no_role_of_another_stage_plans_staging(pipeline: Pipeline, role: str) -> None:
    done = pipeline.run("plan", "staging", role, BEFORE="")
    assert done.code == 5
    assert "role/tap-plan-us-east-2-staging" in done.err


@pytest.mark.row("R11")
def test_a_role_of_dev_applies_nothing_to_staging(pipeline: Pipeline) -> None:
    assert pipeline.run("publish", ENVIRONMENTS="dev staging").code == 0
    planned = pipeline.accounts.run(
        pipeline.accounts.operator(), "plan", "staging", "--out", str(pipeline.home / "staging.json"), "--format", "json"
    )
    assert planned.returncode == 0, planned.stderr
    digest = json.loads((pipeline.home / "staging.json").read_text())["digest"]
    machine = pipeline.machine(as_service(pipeline.accounts, "tap-pipeline-apply-dev-us-east-1-tools"), {})
    done = machine.run([f'.venv/bin/python -m deploy apply "{pipeline.home / "staging.json"}" --approve {digest}'])
    assert done.code == 5
    assert "222222222222:role/tap-" in done.err


SUBJECTS = {
    "review": ("tap-workflow-review-us-east-1-tools", "repo:example/tap:pull_request"),
    "plan": ("tap-workflow-plan-us-east-1-tools", "repo:example/tap:ref:refs/heads/main"),
    "apply": ("tap-workflow-apply-dev-us-east-1-tools", "repo:example/tap:environment:dev"),
}


@pytest.mark.row("R11")
@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_workflow_s_role_takes_one_kind_of_job_and_no_other(pipeline: Pipeline, kind: str) -> None:
    role, right = SUBJECTS[kind]
    assert as_job(pipeline.accounts, role, right)["AWS_SESSION_TOKEN"]
    wrong = {subject for _, subject in SUBJECTS.values()} - {right}
    for subject in (*wrong, right.replace("example/tap", "example/other"), f"{right}x"):
        with pytest.raises(ClientError, match="AccessDenied"):
            as_job(pipeline.accounts, role, subject)


@pytest.mark.row("R08")
@pytest.mark.row("R11")
def test_the_workflows_steps_plan_review_and_apply_with_the_roles_of_their_jobs(pipeline: Pipeline) -> None:
    review, promote = workflow("review")["jobs"], workflow("promote")["jobs"]
    looked = pipeline.machine(as_job(pipeline.accounts, *SUBJECTS["review"]), {"ENVIRONMENT": "dev"})
    assert looked.run([step(review["plan"], "Plan")]).code == 0
    planner = pipeline.machine(as_job(pipeline.accounts, *SUBJECTS["plan"]), {"ENVIRONMENT": "dev", "ENVIRONMENTS": "dev staging"})
    outputs = {"GITHUB_STEP_SUMMARY": str(planner.folder / "summary"), "GITHUB_OUTPUT": str(planner.folder / "output")}
    planner.variables |= outputs
    done = planner.run([step(promote["publish"], "Publish"), step(promote["plan-dev"], "Plan"), step(promote["plan-dev"], "Seal")])
    assert done.code == 0, done.err
    digest = (planner.folder / "output").read_text().strip().removeprefix("digest=")
    assert (planner.folder / "summary").read_text() == (planner.folder / "plan.md").read_text()
    applier = pipeline.machine(as_job(pipeline.accounts, *SUBJECTS["apply"]), {"ENVIRONMENT": "dev", "DIGEST": digest})
    (applier.folder / "plan").mkdir()
    shutil.copy(planner.folder / "plan.json", applier.folder / "plan")
    done = applier.run([step(promote["apply-dev"], "Apply"), step(promote["apply-dev"], "Verify")])
    assert done.code == 0, done.err


@pytest.mark.rehearsal
@pytest.mark.row("R08")
@pytest.mark.row("R11")
def test_a_good_commit_reaches_prod_after_two_approvals_and_a_broken_one_stops_at_staging(tmp_path: Path) -> None:
    with strict(tmp_path, more_checks=CHECK) as accounts:
        made = prepared(tmp_path, accounts, "dev", "staging", "prod")
        for name in ("dev", "staging", "prod"):
            _carried(made, name, published=name == "dev")
        first = {name: made.release(name) for name in ("dev", "staging", "prod")}
        assert len(set(first.values())) == 1, "one release, built once"

        made.commit('default: "50"', 'default: "60"')
        made.ready("staging", is_ready=False)
        _carried(made, "dev", published=True)
        planned = made.run("plan", "staging")
        assert planned.code == 0, planned.err
        broken = made.apply("staging")
        assert broken.code == 7, broken.err
        assert "config/set/ready" in broken.err + broken.out, "the check that failed is named"
        assert (made.value("dev"), made.value("staging"), made.value("prod")) == ("60", "50", "50")
        assert made.run("verify", "dev").code == 0
        assert (made.release("staging"), made.release("prod")) == (first["staging"], first["prod"])
        assert (made.status("staging"), made.status("prod")) == ("UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE")


def _carried(made: Pipeline, name: str, *, published: bool) -> None:
    """Publish, plan, the yes to the digest, apply, verify."""
    if published:
        assert made.run("publish").code == 0
    planned = made.run("plan", name)
    assert planned.code == 0, planned.err
    applied = made.apply(name)
    assert applied.code == 0, applied.out + applied.err
    verified = made.run("verify", name)
    assert verified.code == 0, verified.out + verified.err
