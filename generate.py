"""From environment files to validated templates: ``python generate.py`` builds every environment into `build/`.

The first thing it does, before any import that costs something, is to look whether the last run had the same inputs and
left the same outputs; then there is nothing to do.
"""

import gc
import os
import sys

gc.disable()  # nothing here makes cycles worth collecting, and collecting costs a tenth of the run

from templates.stamp import Stamp  # noqa: E402 - the collector is off from the first line

STAMP = Stamp(arguments=sys.argv[1:])


def main() -> int:
    text = STAMP.valid()
    if text is not None:
        sys.stdout.write(text)
        return 0
    from templates.command import run

    return run(sys.argv[1:], STAMP)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking the interpreter down by the book costs a quarter of a second where cfn-lint was loaded; all files are closed.
    os._exit(code)
