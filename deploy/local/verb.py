"""The local AWS as the verbs use it: started when it is needed, its errors in the shape of all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deploy.errors import Invalid
from deploy.local.server import LocalAws, LocalAwsError, Options, Running

# A minute of monitoring and of alarm periods lasts a second: a deployment that prod watches for half an hour is over in half a minute.
OPTIONS = Options(minute_seconds=1.0)


def started(say: Callable[[str], None], options: Options = OPTIONS) -> Running:
    """The server that runs, started where there is none.

    Raises:
        Invalid: it is not installed, or does not start.
    """
    with errors():
        server = LocalAws()
        if running := server.status():
            return running
        running = server.start(options)
        say(f"local AWS started at {running.url}; a minute of monitoring lasts {options.minute_seconds:g} s there")
        return running


@contextmanager
def errors() -> Iterator[None]:
    try:
        yield
    except LocalAwsError as error:
        raise Invalid("the local AWS", str(error), "see docs/operations.md, 'The local AWS'") from error
