"""What is written first: `requests.post` in a loop."""

from __future__ import annotations

import requests

from tests.bench.clients.signing import TIMEOUT_S, URL, ids, require_answers, signed
from tests.bench.measured import measured


def main() -> None:
    order_ids, codes = ids(), []
    with measured(asked=len(order_ids)):
        for order_id in order_ids:
            body, headers = signed(order_id)
            codes.append(requests.post(URL, data=body, headers=headers, timeout=TIMEOUT_S).json()["code"])
    require_answers(codes)


if __name__ == "__main__":
    main()
