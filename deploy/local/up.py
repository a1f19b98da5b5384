"""`make up`: the platform with its seeds until Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from deploy.fleet.choice import add_options, runner
from deploy.local.runner import PlatformFailed, Runner
from shared.observability.logs import configure_logging


def main() -> None:
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--data", type=Path, default=Path("var/data"))
    add_options(parser)
    chosen = parser.parse_args()
    configure_logging("WARNING", "console")
    sys.exit(asyncio.run(serve(runner(chosen, chosen.data, chosen.port))))


async def serve(platform: Runner) -> int:
    """Exit code: 0 after SIGINT or SIGTERM, 1 when the platform could not start or a part of it ended."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, asked.set)
    running = asyncio.create_task(_run(platform))
    stopping = asyncio.create_task(asked.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()  # leaves through the platform's own way out; nothing to cancel when it has ended
    stopping.cancel()
    try:
        await running
    except asyncio.CancelledError:
        return 0
    except PlatformFailed as error:
        print(f"stopped: {error}", file=sys.stderr)
    return 1


async def _run(platform: Runner) -> None:
    async with platform:
        await platform.ready(within=120)
        print(f"ready {platform.url}", flush=True)
        await platform.watch()


if __name__ == "__main__":
    main()
