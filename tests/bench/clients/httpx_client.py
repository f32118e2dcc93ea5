"""`httpx.AsyncClient`, as many tasks as may ask at once."""

from __future__ import annotations

import asyncio

import httpx

from tests.bench.clients.signing import TIMEOUT_S, URL, code_of, concurrency, ids, require_answers, signed
from tests.bench.measured import measured


async def ask_all(order_ids: list[str], at_once: int) -> list[int]:
    codes, left = [], iter(order_ids)
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(limits=limits, timeout=TIMEOUT_S) as client:

        async def work() -> None:
            for order_id in left:
                body, headers = signed(order_id)
                codes.append(code_of((await client.post(URL, content=body, headers=headers)).content))

        await asyncio.gather(*(work() for _ in range(at_once)))
    return codes


def main() -> None:
    order_ids = ids()
    with measured(asked=len(order_ids)):
        codes = asyncio.run(ask_all(order_ids, concurrency()))
    require_answers(codes)


if __name__ == "__main__":
    main()
