"""`python -m tests.fuzz`, as `make fuzz` calls it."""

import sys

from tests.fuzz.run import main

sys.exit(main())
