"""`python -m netsuke` is the command `netsuke`."""

import sys

from .cli import main

sys.exit(main())
