"""Parameter Store values that the deployer itself writes and reads."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.aws.api import Api
from deploy.aws.failures import AwsRefusal


@dataclass(frozen=True, kw_only=True)
class Parameters:
    api: Api

    def get(self, name: str) -> str | None:
        try:
            return str(self.api("get_parameter", Name=name)["Parameter"]["Value"])
        except AwsRefusal as error:
            if error.reason == "ParameterNotFound":
                return None
            raise

    def below(self, path: str) -> dict[str, str]:
        """Every value below a path, by its whole name."""
        found = self.api.pages("get_parameters_by_path", "Parameters", Path=path, Recursive=True)
        return {one["Name"]: one["Value"] for one in found}

    def put(self, name: str, value: str, description: str) -> None:
        self.api("put_parameter", Name=name, Value=value, Type="String", Description=description, Overwrite=True)
