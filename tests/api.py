"""The platform's own API on the local AWS, called as a user does: signed, over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any


@dataclass(frozen=True, kw_only=True)
class Api:
    """``url`` of the local AWS; the account's id is its access key there."""

    url: str
    account: str
    region: str
    stack: str

    @cached_property
    def outputs(self) -> dict[str, str]:
        found = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]["Outputs"]
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    @property
    def address(self) -> str:
        """The live stage's, where the local AWS has it."""
        api = self.outputs["ApiUrl"].removeprefix("https://").split(".")[0]
        return f"{self.url}/_aws/execute-api/{api}/live"

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One signed request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}{path}", method=method, data=data)
        for name, value in self._signed(method, request.full_url, data).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, json.loads(error.read() or b"null"))

    def table_ids(self) -> set[str]:
        found = self.client("dynamodb").scan(TableName=self.outputs["TableName"])["Items"]
        return {item["id"]["S"] for item in found if "id" in item}

    def object_keys(self) -> set[str]:
        found = self.client("s3").list_objects_v2(Bucket=self.outputs["DataBucketName"]).get("Contents", [])
        return {one["Key"] for one in found}

    def client(self, service: str) -> Any:
        connect: Any = boto3.client  # typed for each service's name alone; here the name is a value
        return connect(
            service, endpoint_url=self.url, region_name=self.region, aws_access_key_id=self.account, aws_secret_access_key="secret"
        )

    def _signed(self, method: str, url: str, data: bytes | None) -> dict[str, str]:
        """Headers of Signature Version 4, which every method but the health check wants."""
        request = AWSRequest(method=method, url=url, data=data, headers={"content-type": "application/json"})
        SigV4Auth(Credentials(self.account, "secret"), "execute-api", self.region).add_auth(request)
        return dict(request.headers)
