"""`python -m nxcc sandbox`: the sandbox in the foreground."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from nxcc.errors import SandboxError
from nxcc.sandbox.crowd import Crowd
from nxcc.sandbox.faults import RESERVED
from nxcc.sandbox.pages import MANNERS
from nxcc.sandbox.server import Sandbox


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--port", type=int, default=8765, help="port to listen on, 0 for a free one (8765)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--seed", type=int, default=7, help="another seed is another world (7)")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="time before each answer (0)")
    parser.add_argument(
        "--faults", type=float, default=0.0, metavar="SHARE", help="share of requests that fail, 0 to 1"
    )
    parser.add_argument("--rate-limit", type=float, metavar="N", help="answer HTTP 429 above N requests a second")
    ways = "; ".join(f"{name}: {meaning}" for name, meaning in MANNERS.items())
    parser.add_argument("--pages", choices=list(MANNERS), default="", help=f"give bad pages of calls by time ({ways})")
    crowd = parser.add_argument_group("a large world instead of the ordinary one")
    crowd.add_argument("--calls", type=int, metavar="N", help="so many calls, such as 200000")
    crowd.add_argument("--days", type=int, default=7, metavar="N", help="in the last so many days (7)")
    crowd.add_argument(
        "--blank", type=float, default=0.0, metavar="SHARE", help="share of records without their order id, 0 to 1"
    )
    crowd.add_argument(
        "--without-calls", type=float, default=0.0, metavar="SHARE", help="share of orders never called, below 1"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM: 0. When it cannot start: a sentence on stderr and 2."""
    try:
        sandbox = Sandbox(
            host=args.host,
            port=args.port,
            seed=args.seed,
            delay_s=args.delay_ms / 1000,
            faults=args.faults,
            rate_limit=args.rate_limit,
            pages=args.pages,
            crowd=_crowd(args),
        )
        return serve(sandbox)
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 2


def _crowd(args: argparse.Namespace) -> Crowd | None:
    if args.calls is None:
        return None
    return Crowd(args.calls, days=args.days, blank=args.blank, without_calls=args.without_calls, seed=args.seed)


def serve(sandbox: Sandbox) -> int:
    """Run a sandbox in the foreground until Ctrl-C or SIGTERM; returns 0. Raises `SandboxError`."""
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with sandbox:
            print(introduction(sandbox), flush=True)
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def introduction(sandbox: Sandbox) -> str:
    """What a person needs to use a running sandbox: settings to copy, orders to ask for, ids that fail on purpose."""
    credentials, world = sandbox.credentials, sandbox.world
    orders = world.orders()
    lines = [
        f"NXCC_BASE_URL={sandbox.base_url}",
        f"NXCC_ACCESS_KEY={credentials.access_key}",
        f"NXCC_ACCESS_SECRET={credentials.access_secret}",
        f"NXCC_TENANT_ID={credentials.tenant_id}",
        "",
        "Answers queryByOrderId and page (calls by time).",
        f"{len(orders)} orders, {world.first_day} to {world.last_day}. Examples:",
        *(f"  {example.label:<18} {' '.join(example.order_ids)}" for example in world.examples),
        *([] if world.examples else [f"  {' '.join(orders[:5])}"]),
        "",
        "Reserved order ids (FAIL-...-2 fails twice, then finds a call; ~tag makes another id of the same kind):",
        *(f"  {reserved.name:<18} {reserved.meaning}" for reserved in RESERVED),
        "",
        "Ctrl-C ends it.",
    ]
    return "\n".join(lines)
