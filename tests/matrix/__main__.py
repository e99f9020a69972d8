"""`python -m tests.matrix crash|faults`, as `make crash` and `make faults` call it."""

import sys

from tests.matrix.run import main

sys.exit(main())
