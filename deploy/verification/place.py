"""Where the checks look: one environment's account, by the deploy role, in one region, and its names and outputs there."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.account import Account
from deploy.verification.model import NotVerified

if TYPE_CHECKING:
    from deploy.aws.api import Api
    from deploy.aws.stacks import Stacks
    from deploy.model import Stack

ROOT = Path(__file__).parents[2]
MOST_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Place:
    """``root``: the repository, where python checks are; ``turns``: requests at once, of the checks alone.

    A check that hangs must not keep from the rollout, which follows the stack meanwhile, its turn to ask.
    """

    account: Account
    region: str
    root: Path = ROOT
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_AT_ONCE))

    def api(self, service: str) -> Api:
        """The deploy role's. Its requests are counted with the command's own.

        Raises:
            Denied: the role cannot be assumed.
        """
        from deploy.aws.api import Api, Calls

        shared = self.account.api("deploy", service, self.region)
        return Api(shared.client, Calls(counts=shared.calls.counts, _lock=shared.calls._lock, turns=self.turns))

    def credentials(self) -> dict[str, str]:
        """The deploy role's, as boto3 finds them in a process's environment.

        Raises:
            Denied: the role cannot be assumed.
        """
        sessions = self.account.sessions
        found = sessions.credentials(self.account.target(self.region), "deploy", self.region)
        endpoint = {"AWS_ENDPOINT_URL": sessions.endpoint} if sessions.endpoint else {}
        return found | endpoint | {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}

    def name(self, thing: str) -> str:
        """The physical name, ``tap-jobs-dev``. Functions, queues and tables have it whole: project, thing and environment take 54
        characters at most, and the tightest of these services takes 64.
        """
        return f"{self.account.manifest.project}-{thing}-{self.account.manifest.environment}"

    def outputs(self) -> dict[str, str]:
        """Those of the environment's stacks in this region; of two stacks that give one name, the first.

        While a root is in progress its outputs are the former release's, or not there yet: then its nested stacks say them, which are
        complete. Outputs of one name have one value (`templates/root.py`). A stack that waits for another one gives nothing yet.

        Raises:
            NotVerified: no stack is there.
        """
        from deploy.aws.stacks import Stacks

        stacks = Stacks(api=self.api("cloudformation"))
        names = [wanted.name for wanted in self.account.manifest.stacks if wanted.region == self.region]
        standing = [stack for name in names if (stack := stacks.find(name)) and not stack.status.is_absent]
        if not standing:
            raise NotVerified(f"stack {' and '.join(names)} does not exist" if names else f"no stack of it is in {self.region}")
        found: dict[str, str] = {}
        for stack in standing:
            found = _outputs(stacks, stack) | found
        return found

    def output(self, name: str) -> str:
        """Raises:
        NotVerified: there is none.
        """
        value = self.outputs().get(name, "")
        if not value:
            raise NotVerified(f"the environment has no output {name}")
        return value


def _outputs(stacks: Stacks, stack: Stack) -> dict[str, str]:
    found = dict(stack.outputs)
    if stack.status.is_busy:
        for nested in stacks.nested(stack.id).values():
            child = stacks.find(nested)
            found |= child.outputs if child else {}
    return found
