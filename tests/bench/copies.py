"""Copies of the repository to measure in, as it is and with more environments or services than it has."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_FOLDERS = ("deploy", "env", "resources", "templates")
_OTHERS = ("flat.json", "manifest.json", "sources.json")

_SERVICE = '''"""Table number {number} of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Ref, Region

from resources.naming import name
from resources.tables import Keys, replica, table
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

KEYS = Keys(partition="pk", sort="sk", expires="expires_at", index={{}})


def build(env: Environment) -> Service:
    service = Service("extra{number}", env, "Table number {number}")
    replicas = [replica(Region, service.needs("DataKeyArn"), env.table)]
    records = service.add(table("Records", name(env, "extra{number}", "table"), KEYS, replicas))
    service.gives("Extra{number}TableName", Ref(records), "Name of the table")
    return service
'''


def copy(target: Path) -> Path:
    """All that `generate.py` reads, and nothing built."""
    target.mkdir()
    for folder in _FOLDERS:
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__", "local"))
    shutil.copyfile(ROOT / "generate.py", target / "generate.py")
    return target


def emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def templates(build: Path) -> list[Path]:
    """Every service's template and every root in a build folder."""
    return sorted(path for path in build.glob("*/*.json") if path.name not in _OTHERS)


def environments(target: Path, count: int) -> Path:
    """A folder of environment files, made after the real ones in turn, each with an account and a VPC of its own."""
    target.mkdir()
    shared = ("defaults.yaml", "tools.yaml")
    others = ("stacksets.yaml",)  # of the real accounts alone
    for file in shared:
        shutil.copyfile(ROOT / "env" / file, target / file)
    tools = target / "tools.yaml"
    tools.write_text(replaced(tools.read_text(encoding="utf-8"), r"(?m)^  environments:.*$", "  environments: [env000]"), encoding="utf-8")
    models = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "env").glob("*.yaml")) if path.name not in (*shared, *others)]
    for number in range(count):
        (target / f"env{number:03}.yaml").write_text(_environment(models[number % len(models)], number), encoding="utf-8")
    return target


def _environment(text: str, number: int) -> str:
    """A VPC of /20 inside 10.0.0.0/8, with subnets of /24."""
    second, third = divmod(number * 16, 256)
    lines = {"account": f'account: "{700000000000 + number}"', **_network("  ", second, third)}
    if "disaster_recovery:" in text:
        lines |= _network("    ", second + 128, third)
    for key, line in lines.items():
        text = replaced(text, rf"(?m)^{key}:.*$", line)
    return text


def _network(indentation: str, second: int, third: int) -> dict[str, str]:
    blocks = [f"10.{second}.{third + part}.0/24" for part in range(6)]
    values = {"cidr": f"10.{second}.{third}.0/20", "public": f"[{', '.join(blocks[:3])}]", "private": f"[{', '.join(blocks[3:])}]"}
    return {f"{indentation}{key}": f"{indentation}{key}: {value}" for key, value in values.items()}


def with_services(target: Path, count: int) -> Path:
    """A copy with ``count`` services more, each a module and a line in the registry, as docs/extending.md says."""
    copy(target)
    numbers = [f"{number:03}" for number in range(1, count + 1)]
    for number in numbers:
        (target / "templates" / f"extra{number}.py").write_text(_SERVICE.format(number=number), encoding="utf-8")
    registry = target / "templates" / "build.py"
    text = registry.read_text(encoding="utf-8")
    imports = "".join(f"from templates import extra{number}\n" for number in numbers)
    lines = "".join(f'    "extra{number}": extra{number}.build,\n' for number in numbers)
    text = replaced(text, r"(?m)^from templates\.flat import", f"{imports}from templates.flat import")
    text = replaced(text, r'(?m)^    "drift": drift\.build,\n', f'    "drift": drift.build,\n{lines}')
    registry.write_text(text, encoding="utf-8")
    return target


def replaced(text: str, pattern: str, by: str) -> str:
    """The text with one place replaced.

    Raises:
        LookupError: there is no such place, so the copy would not be what the figures say.
    """
    changed, count = re.subn(pattern, lambda _: by, text, count=1)
    if not count:
        raise LookupError(f"the sources have no {pattern} any more: mend tests/bench/copies.py or tests/bench/own.py")
    return changed
