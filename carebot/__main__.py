"""python -m carebot"""

from carebot.cli import main

raise SystemExit(main())
