"""What a function loads before its first request, as Lambda loads it: from its zip, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from resources.assets import package

VARIABLES = {
    "AWS_REGION": "eu-west-1",
    "BUCKET_NAME": "b",
    "CONFIG_CACHE_SECONDS": "30",
    "CONFIG_PATH": "/tap/dev/config",
    "CONFIG_SETTINGS": "{}",
    "ENVIRONMENT": "dev",
    "LOG_LEVEL": "INFO",
    "QUEUE_URL": "q",
    "TABLE_NAME": "t",
}


def run(folder: str, where: Path, program: str) -> Any:
    """Run a program with the function's zip as the only thing on its path besides Python's own; gives what it prints."""
    archive = where / f"{folder}.zip"
    archive.write_bytes(package(folder).data)
    lines = ["import json, sys", f"sys.path.insert(0, {str(archive)!r})", program]
    done = subprocess.run([sys.executable, "-I", "-c", "\n".join(lines)], capture_output=True, text=True, check=True, env=VARIABLES)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("folder", ["api", "drift", "worker"])
def test_a_handler_is_found_in_its_zip_and_loads_no_boto3(folder: str, tmp_path: Path) -> None:
    program = "import handler\nprint(json.dumps([callable(handler.handler), *(n for n in sys.modules if n.startswith('boto'))]))"
    assert run(folder, tmp_path, program) == [True]


def test_health_is_answered_without_boto3(tmp_path: Path) -> None:
    program = """
import handler
from types import SimpleNamespace
context = SimpleNamespace(aws_request_id="r", function_name="f", function_version="1")
answer = handler.handler({"httpMethod": "GET", "path": "/health"}, context)
print(json.dumps([answer["statusCode"], json.loads(answer["body"]), *(n for n in sys.modules if n.startswith("boto"))]))
"""
    assert run("api", tmp_path, program) == [200, {"status": "ok", "version": "$LATEST", "region": "eu-west-1"}]


def test_clients_are_made_once_and_give_up_before_the_function_does(tmp_path: Path) -> None:
    program = """
import os
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
from shared.clients import client
config = client("ssm").meta.config
worst = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout)
print(json.dumps([client("ssm") is client("ssm"), worst]))
"""
    once, worst = run("api", tmp_path, program)
    assert once
    assert worst <= 5
