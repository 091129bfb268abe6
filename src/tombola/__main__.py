"""``python -m tombola`` is ``tombola``."""

import sys

from tombola.cli.main import main

sys.exit(main())
