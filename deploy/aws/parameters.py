"""Parameter Store values that the deployer itself writes and reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.aws.api import Api
from deploy.aws.failures import AwsRefusal
from deploy.errors import Conflict


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One version of a parameter. ``value``: of a SecureString as it is encrypted; ``by`` and ``description``: in its history alone."""

    value: str
    secure: bool
    version: int
    at: datetime
    by: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    api: Api

    def get(self, name: str) -> str | None:
        found = self.find(name)
        return found.value if found else None

    def put(self, name: str, value: str, description: str) -> None:
        self.api("put_parameter", Name=name, Value=value, Type="String", Description=description, Overwrite=True)

    def find(self, name: str) -> Stored | None:
        try:
            return _stored(self.api("get_parameter", Name=name)["Parameter"])
        except AwsRefusal as error:
            if error.reason == "ParameterNotFound":
                return None
            raise

    def under(self, path: str) -> dict[str, Stored]:
        """All below a path, by their names relative to it."""
        found = self.api.pages("get_parameters_by_path", "Parameters", Path=path, Recursive=True)
        return {one["Name"].removeprefix(f"{path}/"): _stored(one) for one in found}

    def versions(self, name: str) -> tuple[Stored, ...]:
        """Oldest first, as far as AWS keeps them: a hundred, and none of before it was deleted."""
        try:
            found = [_stored(one) for one in self.api.pages("get_parameter_history", "Parameters", Name=name)]
        except AwsRefusal as error:
            if error.reason == "ParameterNotFound":
                return ()
            raise
        return tuple(sorted(found, key=lambda one: one.version))

    def write(self, name: str, value: str, description: str, *, secure: bool, new: bool) -> int | None:
        """Its version now; None where it was to be ``new`` and is there already.

        Raises:
            Conflict: it is of the other type, which AWS does not change.
        """
        try:
            answer = self.api(
                "put_parameter",
                Name=name,
                Value=value,
                Type="SecureString" if secure else "String",
                Description=description,
                Overwrite=not new,
            )
        except AwsRefusal as error:
            if error.reason == "ParameterAlreadyExists":
                return None
            if error.reason == "HierarchyTypeMismatch":
                is_now = "a plain text" if secure else "a SecureString"
                raise Conflict(f"parameter {name}", f"it is {is_now}, and AWS keeps a parameter's type", "unset it, then set it") from error
            raise
        return int(answer["Version"])

    def delete(self, name: str) -> None:
        try:
            self.api("delete_parameter", Name=name)
        except AwsRefusal as error:
            if error.reason != "ParameterNotFound":
                raise


def _stored(one: dict[str, Any]) -> Stored:
    return Stored(
        value=str(one["Value"]),
        secure=one["Type"] == "SecureString",
        version=int(one["Version"]),
        at=one["LastModifiedDate"],
        by=one.get("LastModifiedUser", ""),
        description=one.get("Description", ""),
    )
