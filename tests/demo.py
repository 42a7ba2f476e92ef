"""`make demo`: the main job end to end on the local AWS, each step with the command that it runs; nothing is left running.

Uses a local AWS of its own, beside whatever runs already. Exits with 1 where a step does not end as it should.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.rehearsal.probe import Probe, answered
from tests.api import Api

ROOT = Path(__file__).parent.parent
HERE = ROOT / "build" / "demo"
LINES = 14
"""Of a long output, at its beginning and at its end."""


_RINGING: Any = {"AlarmTypes": ["CompositeAlarm"], "StateValue": "ALARM"}


class Failed(Exception):
    """A step that did not end as it should."""


def main() -> int:
    return played(HERE, story, "README.md, docs/operations.md")


def played(here: Path, story: Callable[[], None], further: str) -> int:
    """The exit code. ``here``: a folder for the story alone, which goes afterwards; ``further``: what to read then."""
    began = time.monotonic()
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    os.environ["TAPLINE_LOCAL"] = str(here / "local")
    try:
        story()
    except Failed as error:
        say(f"\nThe demo failed: {error}")
        return 1
    finally:
        run("deploy local stop")
        shutil.rmtree(here, ignore_errors=True)
    say(f"\nDone in {time.monotonic() - began:.0f} s. Next: {further}.")
    return 0


def story() -> None:
    title("Generate: one YAML file per environment becomes one template per service, validated")
    run("generate.py")
    title("A local AWS, and what must stand in an account before its first deployment")
    run("deploy local start --minute-seconds 0.5")
    for environment in ("tools", "dev", "staging"):
        run(f"deploy bootstrap {environment} --local --yes")
    title("Deploy dev: publish, review, approve by digest, execute exactly that")
    run("deploy plan dev --local --out build/demo/dev.plan.json")
    digest = json.loads((HERE / "dev.plan.json").read_text())["digest"][:12]
    run(f"deploy apply build/demo/dev.plan.json --approve {digest} --local")
    title("It runs: call its API over HTTP")
    use_the_api()
    title("Change one value in a copy of dev.yaml: the plan touches one service alone")
    change_a_value()
    title("Nothing to do, and what was done")
    run("deploy plan dev --local --build build/demo/changed")
    run("deploy history dev --local")
    title("A broken release: the API raises an error; its alarm rings, no metric faked, and CloudFormation puts the release before it back")
    break_the_api()
    run("deploy history dev --local")
    title("One release back, from what was published then: reviewed as every other change")
    run("deploy rollback dev --to 1 --local --yes")
    check("the queue is as the first release had it", lambda: receive_count() == 3)
    title("A careless change: the table gets another name, so the one with the data would be replaced")
    rename_the_table()
    run("deploy up dev --local --yes --build build/demo/careless", code=4)
    title("Promotion: somebody wrote a difference into Python; parity finds the line, and nothing moves")
    differ_in_staging()
    run("deploy parity dev staging --build build/demo/differs", code=3)
    run("deploy up dev --local --yes --build build/demo/differs")
    run("deploy promote dev staging --local --build build/demo/differs", code=4)
    title("Without it: every gate is asked, the bake time is taken on by name, and the release that dev runs is carried to staging")
    run("deploy up dev --local --yes")
    run('deploy promote dev staging --local --yes --override bake --reason "a demo waits for nothing"')
    run("deploy status --local")


def change_a_value() -> None:
    copy = HERE / "env"
    shutil.copytree(ROOT / "env", copy, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    # What the checkers found is kept by content, so that only what changed is checked again.
    shutil.copytree(ROOT / "build" / ".cache", HERE / "changed" / ".cache")
    edit(copy / "dev.yaml", "max_receive_count: 3", "max_receive_count: 5")
    run("generate.py --env-dir build/demo/env --out build/demo/changed")
    run("deploy plan dev --local --build build/demo/changed --out build/demo/change.plan.json")
    review = json.loads((HERE / "change.plan.json").read_text())["proposals"][0]["review"]
    touched = {item["service"] for item in review["items"] if item["verdict"] != "unchanged"}
    if touched != {"messaging"}:
        raise Failed(f"the plan touches {', '.join(sorted(touched))}")
    run("deploy apply build/demo/change.plan.json --local --yes")


def break_the_api() -> None:
    """Deployed while somebody asks it all the time: how long there was no answer is measured from outside."""
    edit(
        sources() / "resources" / "handlers" / "api" / "handler.py", "return respond(event, context, surroundings())", 'raise OSError("oh")'
    )
    run("generate.py --no-validate --out ../broken", folder=HERE / "sources")
    address = the_api().address
    with Probe(ask=lambda: answered(f"{address}/health", address.partition("/_aws")[0])) as users:
        run("deploy up dev --local --yes --traffic 10 --build build/demo/broken", code=7)
        check("the API answers again", users.wait_restored)
    failed = sum(not good for _, good in users.asked)
    if not failed or users.restored is None or users.first_bad is None:
        raise Failed("no request failed, so nothing was shown")
    say(
        f"  of {len(users.asked)} requests {failed} failed; the API answered again {users.restored - users.first_bad:.1f} s after the first one\n"
    )
    check("its alarm is quiet again", lambda: not the_api().client("cloudwatch").describe_alarms(**_RINGING)["CompositeAlarms"])


def rename_the_table() -> None:
    edit(sources() / "templates" / "data.py", '"items"', '"things"')
    run("generate.py --no-validate --out ../careless", folder=HERE / "sources")


def differ_in_staging() -> None:
    shutil.copytree(ROOT / "build" / ".cache", HERE / "differs" / ".cache")
    edit(
        sources() / "templates" / "compute.py",
        "timeout=env.functions.api_timeout",
        'timeout=env.functions.api_timeout + (5 if env.name == "staging" else 0)',
    )
    run("generate.py --out ../differs", folder=HERE / "sources")


def sources() -> Path:
    """The sources as somebody else might have them tomorrow."""
    copy = HERE / "sources"
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("env", "resources", "templates", "deploy"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "overlay"))
    shutil.copy(ROOT / "generate.py", copy)
    shutil.copy(HERE / "env" / "dev.yaml", copy / "env")
    return copy


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise Failed(f"{path.name} no longer has {old!r}")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    say(f"  {path.relative_to(ROOT)}: {old} -> {new}")


def use_the_api() -> None:
    """POST an item, and look for it where it must be: the API, the table, the bucket; and wait until the worker has done it."""
    api = the_api()
    say(f"$ curl {api.address}/health")
    with urllib.request.urlopen(f"{api.address}/health", timeout=10) as answer:
        say(f"  {answer.read().decode()}")
    say(f"$ POST {api.address}/items (signed)")
    made = api.call("POST", "/items", {"name": "a chair", "quantity": 4})
    say(f"  {made.status} {json.dumps(made.body)}")
    check("the item is in the table", lambda: made.body["id"] in api.table_ids())
    check("its object is in the bucket", lambda: f"items/{made.body['id']}.json" in api.object_keys())
    check("the worker has done its message", lambda: api.call("GET", f"/items/{made.body['id']}").body.get("status") == "done")


def the_api() -> Api:
    server = json.loads((HERE / "local" / "server.json").read_text())
    manifest = json.loads((ROOT / "build" / "dev" / "manifest.json").read_text())
    return Api(url=f"http://127.0.0.1:{server['port']}", account=manifest["account"], region=manifest["region"], stack="tap-app-dev")


def receive_count() -> int:
    """How often a message is tried, as the queue has it now."""
    api = the_api()
    found = api.client("sqs").get_queue_attributes(QueueUrl=api.outputs["JobsQueueUrl"], AttributeNames=["RedrivePolicy"])
    return int(json.loads(found["Attributes"]["RedrivePolicy"])["maxReceiveCount"])


def check(what: str, holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(f"not so: {what}")
        time.sleep(0.2)
    say(f"  ✓ {what}")


def run(command: str, *, code: int = 0, folder: Path = ROOT) -> None:
    """Print a command, run it, print what it says."""
    module = command.startswith("deploy ")
    say(f"$ python {'-m ' if module else ''}{command}")
    began = time.monotonic()
    words = shlex.split(command)
    arguments = ["-m", *words] if module else words
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    lines = done.stdout.rstrip().splitlines()
    cut = [f"… {len(lines) - 2 * LINES} lines more …"] if len(lines) > 2 * LINES + 1 else []
    for line in [*lines[:LINES], *cut, *lines[-LINES:]] if cut else lines:
        say(f"  {line}")
    say(f"  ({time.monotonic() - began:.1f} s, exit {done.returncode})\n")
    if done.returncode != code:
        raise Failed(f"'{command}' ended with {done.returncode}, not {code}")


def title(text: str) -> None:
    say(f"\n── {text}\n")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
