"""What every verb takes, and the account that it makes of it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy.errors import Invalid

if TYPE_CHECKING:
    from deploy.account import Account
    from deploy.aws.sessions import Sessions
    from deploy.console import Console
    from deploy.manifest import Manifest

BUILD = Path("build")
COMPLETE = "_TAPLINE_COMPLETE"
"""The variable through which a shell asks for completions."""


def environments(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """What a shell completes an environment's name to: those that are built."""
    return [name for name in _built(context.params.get("build") or BUILD) if name.startswith(incomplete)]


def _built(build: Path) -> list[str]:
    return sorted(path.parent.name for path in build.glob("*/manifest.json"))


@dataclass(frozen=True, kw_only=True)
class Common:
    """``build``: the folder that `generate.py` wrote; ``format``: text, json, or what a verb adds."""

    local: bool
    profile: str | None
    endpoint_url: str | None
    format: str
    debug: bool
    build: Path

    @functools.cached_property
    def console(self) -> Console:
        return console_of(self.format)

    def account(self, environment: str, *, mend: bool = True) -> Account:
        """``mend``: open a gate that a killed run has left closed, and say whose it was.

        Raises:
            Invalid: nothing is built for it.
        """
        from deploy.account import Account

        folder = self.build / environment
        data = _read(folder, self.build, environment)
        manifest = self.manifest(data, folder)
        account = Account(manifest=manifest, data=data, folder=folder, sessions=self.sessions(manifest))
        return self._mended(account) if mend else account

    def manifest(self, data: bytes, folder: Path) -> Manifest:
        """Of a build folder. Raises Invalid where it is none."""
        from deploy.pieces import manifest_in

        return manifest_in(data, folder)

    def _mended(self, account: Account) -> Account:
        """What cannot be asked here, the verb itself says in its own words; a region that is out is not asked for long."""
        from deploy import gate
        from deploy.errors import DeployError

        with contextlib.suppress(DeployError):
            if account.manifest.failover:
                from deploy.failover.alone import silence

                if silence(account, account.manifest.region):
                    return account
            gate.mend(account, self.console.warn)
        return account

    def built(self, *, needed: bool = True) -> tuple[str, ...]:
        """The environments that generate.py has built, the tools account's aside.

        Raises:
            Invalid: there are none, and some are ``needed``.
        """
        from deploy.manifest import TOOLS

        found = tuple(name for name in _built(self.build) if name != TOOLS)
        if needed and not found:
            raise Invalid(f"folder {self.build}", "nothing is built", "run: make generate")
        return found

    def account_of(self, manifest: Manifest) -> Account:
        """Of a plan that carries its manifest."""
        from deploy.account import Account
        from deploy.manifest import encode

        folder = self.build / manifest.environment
        return self._mended(Account(manifest=manifest, data=encode(manifest), folder=folder, sessions=self.sessions(manifest)))

    def sessions(self, manifest: Manifest) -> Sessions:
        from deploy.aws.sessions import Sessions
        from deploy.whose import whose

        who = whose()[0]
        if not self.local:
            return Sessions(profile=self.profile, endpoint=self.endpoint_url, who=who)
        from deploy.local.verb import started

        return Sessions(endpoint=started(self.console.note).url, keys=(manifest.account, "local"), who=who)


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every verb, given to it as ``common``."""
    formats = getattr(function, "formats", ("text", "json"))

    @click.option("--local", is_flag=True, help="Use the local AWS; starts it where it does not run.")
    @click.option("--profile", metavar="NAME", help="Credentials of this profile of the AWS configuration.")
    @click.option("--endpoint-url", metavar="URL", help="Ask this address instead of AWS.")
    @click.option("--region", metavar="REGION", expose_value=False, callback=_no_region, help="Refused: it stands in the environment file.")
    @click.option(
        "--build", type=click.Path(path_type=Path, file_okay=False), default=BUILD, show_default=True, help="What generate.py wrote."
    )
    @click.option("--format", type=click.Choice(formats), default="text", show_default=True, help="How results are written.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @functools.wraps(function)
    def wrapped(*, local: bool, profile: str | None, endpoint_url: str | None, build: Path, format: str, debug: bool, **rest: Any) -> Any:
        if local and (profile or endpoint_url):
            raise Invalid("--local", "it brings its own address and credentials", "leave --profile and --endpoint-url out")
        given = Common(local=local, profile=profile, endpoint_url=endpoint_url, format=format, debug=debug, build=build)
        return function(given, **rest)

    return wrapped


traffic_option = click.option(
    "--traffic", type=click.FloatRange(0, 50), default=0, metavar="N", help="Send N requests a second while CloudFormation monitors."
)


revert_option = click.option("--revert-drift", "revert", is_flag=True, help="Put back what was changed by hand as well.")


def waivers(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that accept what a review has found, and the question; given to a verb as ``given``."""

    @click.option("--allow-loss", metavar="PATH", multiple=True, help="Accept that this resource loses data. May be given again.")
    @click.option("--allow-broadening", metavar="PATH", multiple=True, help="Accept that this permission widens. May be given again.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @functools.wraps(function)
    def wrapped(*args: Any, allow_loss: tuple[str, ...], allow_broadening: tuple[str, ...], yes: bool, **rest: Any) -> Any:
        from deploy.approval import Approval

        given = Approval(loss=frozenset(allow_loss), broadening=frozenset(allow_broadening), yes=yes)
        return function(*args, given=given, **rest)

    return wrapped


def depth(sources: Mapping[str, str], name: str) -> int:
    """How many environments a release goes through until it comes there. ``sources``: environment -> the one before it."""
    seen: list[str] = []
    while name and name not in seen:
        seen.append(name)
        name = sources.get(name, "")
    return len(seen)


def formats(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Below :func:`common`: what ``--format`` takes."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        function.formats = names  # type: ignore[attr-defined]
        return function

    return mark


def output(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of verbs that deploy nothing."""

    @click.option("--format", type=click.Choice(("text", "json")), default="text", show_default=True, help="How results are written.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @functools.wraps(function)
    def wrapped(*, debug: bool, **rest: Any) -> Any:
        return function(**rest)

    return wrapped


def console_of(format: str) -> Console:
    from deploy.console import console

    return console("json" if format == "json" else "text")


def _no_region(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise Invalid(
            "--region", "the region stands in the environment file, where a review sees it", "leave it out; to move, edit env/ENV.yaml"
        )


def _read(folder: Path, build: Path, environment: str) -> bytes:
    try:
        return (folder / "manifest.json").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        built = _built(build)
        known = f"built are {', '.join(built)}" if built else "nothing is built"
        raise Invalid(f"environment {environment}", f"there is no {folder / 'manifest.json'}; {known}", "run: make generate") from None
