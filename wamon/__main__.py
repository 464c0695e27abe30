"""``python -m wamon``: the command line."""

import sys

from wamon.cli import main

if __name__ == "__main__":
    sys.exit(main())
