"""Everything that can end a command badly, each with its exit code and what to do about it.

    DeployError            1  a fault of the tool
      Invalid              2  usage or input; nothing was sent
      Refused              4  review, policy, gate or a missing approval says no
      Denied               5  credentials, permission, wrong account or region, clock
        CredentialsExpired 5  they have ended; 75 where an operation is followed
      Conflict             6  locked, busy, stale plan
      RolledBack           7  failed and rolled back: the environment is as it was
      Unverified           7  it runs, and its verification failed when CloudFormation no longer watched
      Partly               7  some stacks of a StackSet are as asked for and some are not; the same command goes on
      Stuck                8  failed and not rolled back: a person decides
      OutcomeUnknown      75  run the same command again, it attaches
    Interrupted          130  a KeyboardInterrupt, so that nothing which handles errors swallows it

Only the command catches them; docs/operations.md has a page by exit code.
"""

from __future__ import annotations


class Told(BaseException):
    """``subject``: what it is about; ``fact``: what is so; ``remedy``: what to do; ``details``: lines below."""

    code = 1
    word = "error"

    def __init__(self, subject: str, fact: str, remedy: str = "", details: tuple[str, ...] = ()) -> None:
        self.subject, self.fact, self.remedy, self.details = subject, fact, remedy, details
        super().__init__(self.text)

    @property
    def text(self) -> str:
        said = f"{self.subject}: {self.fact}"
        return f"{said}\n  {self.remedy}" if self.remedy else said


class DeployError(Told, Exception):
    """What a command can meet; its subclasses say the exit code."""


class Invalid(DeployError):
    code = 2
    word = "invalid"


class Refused(DeployError):
    code = 4
    word = "refused"


class Denied(DeployError):
    code = 5
    word = "denied"


class CredentialsExpired(Denied):
    """What runs in AWS goes on without them."""


class Conflict(DeployError):
    code = 6
    word = "conflict"


class RolledBack(DeployError):
    code = 7
    word = "rolled back"


class Unverified(DeployError):
    code = 7
    word = "unverified"


class Partly(DeployError):
    code = 7
    word = "partly done"


class Stuck(DeployError):
    code = 8
    word = "stuck"


class OutcomeUnknown(DeployError):
    code = 75
    word = "outcome unknown"


class Interrupted(Told, KeyboardInterrupt):
    code = 130
    word = "interrupted"
