"""`aiohttp`, as many tasks as may ask at once."""

from __future__ import annotations

import asyncio

import aiohttp

from tests.bench.clients.signing import TIMEOUT_S, URL, code_of, concurrency, ids, require_answers, signed
from tests.bench.measured import measured


async def ask_all(order_ids: list[str], at_once: int) -> list[int]:
    codes, left = [], iter(order_ids)
    connector = aiohttp.TCPConnector(limit=at_once)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def work() -> None:
            for order_id in left:
                body, headers = signed(order_id)
                async with session.post(URL, data=body, headers=headers) as response:
                    codes.append(code_of(await response.read()))

        await asyncio.gather(*(work() for _ in range(at_once)))
    return codes


def main() -> None:
    order_ids = ids()
    with measured(asked=len(order_ids)):
        codes = asyncio.run(ask_all(order_ids, concurrency()))
    require_answers(codes)


if __name__ == "__main__":
    main()
