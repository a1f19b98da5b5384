"""A process of its own that starts a sleeping child and waits; it prints the child's pid."""

import signal
import sys
from pathlib import Path

from deploy.local.processes import spawn

if __name__ == "__main__":
    child = spawn(["/bin/sleep", "600"], pidfile=Path(sys.argv[1]))
    print(child.pid, flush=True)
    signal.pause()
