"""How sure a share is: Wilson's score interval, which holds for few calls and for shares of 0 or 1 as well.

E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927), 209-212.
"""

from __future__ import annotations

import math

Z_95 = 1.959963984540054  # 97.5 % of the standard normal distribution lie below it
THIN = 20  # a share of fewer calls is marked


def wilson(part: int, n: int, z: float = Z_95) -> tuple[float, float] | None:
    """The interval, from 0 to 1, that holds the true share in 95 of 100 cases; None when there is nothing to share.

    Raises ValueError when `part` is no part of `n`.
    """
    if not 0 <= part <= n:
        raise ValueError(f"{part} is no part of {n}.")
    if n == 0:
        return None
    share = part / n
    middle = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    low = 0.0 if part == 0 else (middle - reach) / whole
    high = 1.0 if part == n else (middle + reach) / whole
    return low, high
