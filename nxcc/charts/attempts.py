"""How reach grows with each attempt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nxcc import wording
from nxcc.charts.chart import Chart, figure_of
from nxcc.charts.picking import AS_DRAWN, NOBODY, POINTS, Picked, Value, carried, clicks, faded, painted
from nxcc.charts.shares import many, share_of
from nxcc.palette import Palette

MOST = 12
_LABEL = (0.17, 0.1)  # a label's width and height as parts of the plot on a small screen
_MOST_TICKS = 8


def attempts_until_answered(steps: pd.DataFrame, orders: int, palette: Palette, *, picked: Picked = NOBODY) -> Chart:
    """Share of the orders that were reached after at most so many calls.

    `steps` has `attempt` (1, 2 …), `reached` (orders first answered at that call) and `tried` (orders with at least so
    many calls); `orders` is how many there are with a call. From the `MOST`th call on, all are one point, which carries
    `MOST`.
    """
    title = "Attempts until answered"
    help_ = (
        "Orders with an answered call among their first k calls ÷ orders with a call. Orders never reached stay in the "
        "denominator."
    )
    table = steps.groupby("attempt")[["reached", "tried"]].sum()
    if not orders or table.empty:
        return Chart("attempts", title, "No order has a call", help_, "", None)
    table = table.reindex(range(1, int(table.index.max()) + 1), fill_value=0)
    if len(table) > MOST:
        table.loc[MOST, "reached"] = table.loc[MOST:, "reached"].sum()
        table = table.loc[:MOST]
        names = [*map(str, range(1, MOST)), f"{MOST}+"]
    else:
        names = [str(attempt) for attempt in table.index]
    within = table["reached"].cumsum().astype(int).tolist()
    shares = np.array(within) / orders
    values: list[Value] = table.index.tolist()
    hovers = [
        f"{_within(name)}<br><b>{share_of(part, orders, 'orders reached')}</b>"
        f"<br>{tried:,} tried {_a_time(name)}, {reached:,} answered then"
        for name, part, tried, reached in zip(names, within, table["tried"], table["reached"], strict=True)
    ]
    teal = palette.mark["answered"]
    reach = {
        "type": "scatter",
        "x": values,
        "y": 100 * shares,
        "mode": "lines+markers",
        "line": {"color": faded(teal) if picked else teal, "width": 2, "shape": "hv"},
        "marker": {"color": painted(teal, values, picked), "size": 8},
        "customdata": carried(values, hovers),
        "hovertemplate": "%{customdata[1]}<extra></extra>",
        "cliponaxis": False,
        **AS_DRAWN,
    }
    in_the_end = {
        "type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 100 * shares[-1], "y1": 100 * shares[-1],
        "line": {"color": palette.mark["axis"], "width": 1, "dash": "dot"}, "layer": "below",
    }  # fmt: skip
    crowded = len(names) > _MOST_TICKS  # labels keep out of the next step's way
    texts = [wording.share(float(part)) for part in shares]
    labels = [
        {
            "x": values[n], "y": 100 * shares[n], "text": texts[n], "showarrow": False, "yanchor": "bottom",
            "yshift": 5, "xanchor": "right" if crowded else "center", "xshift": 8 if crowded else 0,
            "font": {"size": 11, "color": palette.mark["ink"]},
        }
        for n in _labelled(shares, texts)
    ]  # fmt: skip
    last = max(len(names), 3)
    half_a_label = max(0.5, last * _LABEL[0] / 2)
    ticks = range(len(names) - 1, -1, -2 if crowded else -1)
    layout = {
        "margin": {"t": 28},
        "shapes": [in_the_end],
        "annotations": labels,
        "xaxis": {
            "title": {"text": "Calls to the order"},
            "tickvals": [values[n] for n in ticks],
            "ticktext": [names[n] for n in ticks],
            "tickangle": 0,
            "range": [1 - half_a_label * (1.5 if crowded else 1), last + half_a_label],
        },
        "yaxis": {"title": {"text": "Orders reached (%)"}, "range": [0, 100], "dtick": 25},
    }
    figure = figure_of([reach], layout | clicks(), palette)
    note = f"n {many(orders, 'order')} with calls"
    alt = f"{texts[0]} of {many(orders, 'order')} reached at the first call, {texts[-1]} in all"
    return Chart("attempts", title, note, help_, alt, figure, selects=POINTS)


def _labelled(shares: np.ndarray, texts: Sequence[str]) -> list[int]:
    """Points whose labels do not touch and say something new: the last, the first, then from the left."""
    wide, high = _LABEL
    step = 1 / max(len(shares), 3)
    kept: list[int] = []
    for n in [len(shares) - 1, *range(len(shares) - 1)]:
        apart = (abs(n - m) * step >= wide or abs(shares[n] - shares[m]) >= high for m in kept)
        if all(apart) and texts[n] not in {texts[m] for m in kept}:
            kept.append(n)
    return sorted(kept)


def _within(name: str) -> str:
    if name.endswith("+"):
        return "Within any number of calls"
    return f"Within {name} calls" if name != "1" else "At the first call"


def _a_time(name: str) -> str:
    if name.endswith("+"):
        return f"{name[:-1]} times or more"
    return {"1": "once", "2": "a 2nd time", "3": "a 3rd time"}.get(name, f"a {name}th time")
