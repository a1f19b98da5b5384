"""Runs the chain on a platform of its own in `var/demo`, which is wiped first."""

import argparse
import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from deploy.fleet.choice import add_options, runner
from deploy.local.demo import report
from deploy.local.demo.client import Demo, DemoFailed
from deploy.local.demo.events import Feeds
from deploy.local.demo.receiver import Message, receiver
from deploy.local.demo.report import Line, Told
from deploy.local.demo.steps import market, monitoring, registry, scoring
from deploy.local.runner import PlatformFailed, Runner
from shared.observability.logs import configure_logging

FOLDER = Path("var/demo")
Step = tuple[str, str, Callable[[Demo], Awaitable[Told]]]
STEPS: tuple[Step, ...] = (
    ("registry", "Territories and bodies are there", registry.register_is_there),
    ("registry", "Collected services are there, gaps are listed", registry.services_are_there),
    ("registry", "Two consular lines are two tiers of one service", registry.consular_tiers),
    ("registry", "A registrar drafts a municipal standard", registry.draft_standard),
    ("registry", "An adopter records the act that adopted it", registry.adopt_standard),
    ("monitoring", "A coordinator opens a campaign", monitoring.open_campaign),
    ("monitoring", "Monitors submit eight visits", monitoring.submit_visits),
    ("monitoring", "Each is checked against the standard in force", monitoring.visits_are_checked),
    ("monitoring", "The coordinator approves; findings are opened", monitoring.approve_visits),
    ("scoring", "Values of thirty municipalities are imported", scoring.import_values),
    ("scoring", "Approved visits move the score", scoring.visits_are_scored),
    ("scoring", "A run is published", scoring.publish_run),
    ("scoring", "Why this score", scoring.why_this_score),
    ("scoring", "One changed date moves the numerator by one", scoring.change_one_visit),
    ("notifications", "A donor subscribes", market.donor_subscribes),
    ("ideas_market", "An NGO publishes an idea for the weak indicator", market.publish_idea),
    ("ideas_market", "The donor finds it by a word form", market.donor_finds_idea),
    ("ideas_market", "The donor reserves it with a pledge", market.donor_reserves),
    ("notifications", "Everybody concerned is told once", market.everybody_is_told),
    ("notifications", "One signed webhook arrived", market.webhook_arrived),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    add_options(parser)
    chosen = parser.parse_args()
    configure_logging("WARNING", "console")
    shutil.rmtree(chosen.folder, ignore_errors=True)
    chosen.folder.mkdir(parents=True)
    sys.exit(asyncio.run(_interruptible(chosen)))


async def _interruptible(chosen: argparse.Namespace) -> int:
    running = asyncio.create_task(run(chosen))
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, running.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        return 130
    except PlatformFailed as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1


async def run(chosen: argparse.Namespace) -> int:
    """Exit code: 0 only if every step was verified by reading it back."""
    seconds: dict[str, float] = {}
    lines: list[Line] = []
    started = time.monotonic()
    messages: list[Message] = []
    async with receiver(messages) as receiver_url:
        settings = {"notifications": {"webhook_receivers": (receiver_url,)}}
        async with runner(chosen, chosen.folder / "data", 0, settings) as platform:
            await platform.ready(within=120)
            seconds["start"] = time.monotonic() - started
            print(f"platform at {platform.url}, started and seeded in {seconds['start']:.1f} s\n", flush=True)
            async with httpx.AsyncClient(base_url=platform.url, timeout=30, trust_env=False) as http:
                lines = await tell(Demo(http, receiver_url, messages), platform)
        seconds["total"] = time.monotonic() - started
    seconds["chain"] = sum(line.seconds for line in lines)
    path = chosen.folder / "summary.json"
    report.write(path, lines, seconds)
    verified = len(lines) == len(STEPS) and all(line.verified for line in lines)
    print(f"\n{sum(line.verified for line in lines)} of {len(STEPS)} steps verified, ", end="")
    print(f"{seconds['total']:.1f} s in all, written to {path}")
    return 0 if verified else 1


async def tell(demo: Demo, platform: Runner) -> list[Line]:
    """Carry out the steps until one fails."""
    feeds = Feeds(demo)
    await feeds.open()
    lines: list[Line] = []
    for number, (service, title, step) in enumerate(STEPS, 1):
        line = Line(number, service, title)
        lines.append(line)
        started = time.monotonic()
        try:
            told = await step(demo)
            line.asked, line.came_back, line.ids = told.asked, told.came_back, told.ids
            line.verified = True
        except (DemoFailed, httpx.HTTPError, KeyError, ValueError, TypeError) as error:
            line.error = f"{type(error).__name__}: {error}"
        line.seconds = round(time.monotonic() - started, 3)
        await platform.drained()
        line.events = await feeds.read()
        report.show(line)
        if not line.verified:
            break
    return lines


if __name__ == "__main__":
    main()
