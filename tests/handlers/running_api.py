"""The API's function with services in memory, for the tests of what it answers."""

from __future__ import annotations

import json
from typing import Any

from api import handler as api

from .fakes import Clock, Context, Lines, Objects, Queue, Table, client, numbered, settings, ticks

GOOD = {"name": "a lamp", "quantity": 3}


class Running:
    """The function with services in memory."""

    def __init__(self, **values: str) -> None:
        self.table, self.objects, self.queue, self.lines = Table(), Objects(), Queue(), Lines()
        self.around = api.Surroundings(
            table="tap-items-dev",
            bucket="tap-data-dev",
            queue_url="https://queue",
            version="7",
            region="us-west-2",
            client=client(self.table, self.objects, self.queue),
            settings=settings(self.lines, **values),
            log=self.lines.log(),
            now=ticks(),
            new_id=numbered("id"),
            clock=Clock(),
        )

    def answers(self, event: object) -> tuple[int, Any, dict[str, str]]:
        answer = api.respond(event, Context(), self.around)
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"]

    def get(self, path: str, **query: str) -> tuple[int, Any, dict[str, str]]:
        return self.answers({"httpMethod": "GET", "path": path, "queryStringParameters": query or None})

    def post(self, body: object) -> tuple[int, Any, dict[str, str]]:
        return self.answers({"httpMethod": "POST", "path": "/items", "body": body if isinstance(body, str) else json.dumps(body)})

    def errors(self, body: object) -> list[str]:
        """What a refused write is told, after a look that it left nothing behind."""
        status, answer, _ = self.post(body)
        assert status == 400
        assert not self.table.calls
        assert not self.objects.calls
        assert not self.queue.calls
        found: list[str] = answer["errors"]
        return found
