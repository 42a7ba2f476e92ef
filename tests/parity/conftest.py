"""One builder for all: what does not change between cases is built once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import env
from deploy.parity.proof import Proof
from env.model import Environment
from resources.assets import handlers, package
from templates.parity import prove
from templates.reading import Builder, Copy

Make = Callable[[Environment], Copy]


@pytest.fixture(scope="session")
def make() -> Builder:
    return Builder(assets=[package(name) for name in handlers()])


@pytest.fixture(scope="session")
def proven(platform: env.Platform) -> Callable[..., Proof]:
    """``proven(make, "dev", "prod")``: the proof over these environments, or over all."""

    def run(make: Make, *names: str) -> Proof:
        chosen = [one for one in platform.environments if not names or one.name in names]
        copies = {one.name: make(one) for one in chosen}
        return prove(chosen, make, copies, platform.places, dict.fromkeys(copies, "0" * 64))

    return run
