"""AWS's models as botocore ships them, read for the few services that are used, and quickly.

botocore looks through the folders of four hundred services before it reads one, and parses with the slowest parser at hand; that is a third
of what a short command costs. Nothing in the models is changed.
"""

from __future__ import annotations

import functools
import gzip
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import Loader

SERVICES = (
    "account", "cloudformation", "cloudtrail", "cloudwatch", "dynamodb", "iam", "lambda", "organizations", "s3", "sns", "sqs", "ssm", "sts",
)  # fmt: skip


class Models(Loader):
    """A botocore loader: register it as a session's ``data_loader``."""

    def __init__(self) -> None:
        super().__init__(file_loader=_Files())  # type: ignore[arg-type] # its stub names a class, not what is asked of it

    def list_available_services(self, type_name: str) -> list[str]:
        """Those that this deployer speaks to; any other is a mistake in it."""
        return list(SERVICES)


@functools.cache
def models() -> Models:
    """One for all sessions of the process: what was read is kept."""
    return Models()


class _Files:
    """What botocore asks of a file loader: paths without their ending."""

    def exists(self, file_path: str) -> bool:
        return any(Path(file_path + ending).is_file() for ending in (".json", ".json.gz"))

    def load_file(self, file_path: str) -> Any:
        """None where there is no such file."""
        plain, packed = Path(file_path + ".json"), Path(file_path + ".json.gz")
        if plain.is_file():
            return msgspec.json.decode(plain.read_bytes())
        if packed.is_file():
            return msgspec.json.decode(gzip.decompress(packed.read_bytes()))
        return None
