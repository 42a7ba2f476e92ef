"""One service a module: a pure function from an environment to a template. `templates/build.py` has the registry.

Importing this package keeps troposphere from loading cfn_flip, which costs 8 ms and 2 MiB and serves `to_yaml` alone,
which nothing here calls: a stand-in takes its place and loads the real module at the first use.
`importlib.util.LazyLoader` does not do: until Python 3.12 an `import` of a lazy module already in place loads it.
"""

import sys


def _load(name: str) -> object:
    from importlib import import_module

    del sys.modules["cfn_flip"]
    return getattr(import_module("cfn_flip"), name)


if "cfn_flip" not in sys.modules:
    sys.modules["cfn_flip"] = type(sys)("cfn_flip")
    sys.modules["cfn_flip"].__dict__["__getattr__"] = _load
