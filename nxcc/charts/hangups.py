"""Why calls ended, and who ended them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from nxcc import wording
from nxcc.charts.chart import HEIGHT, Chart
from nxcc.charts.picking import NOBODY, POINTS, Picked, Value
from nxcc.charts.ranked import NONE_SAID, Cut, best, ranked_bars
from nxcc.charts.shares import many, share_of
from nxcc.hangup import PARTIES
from nxcc.palette import Palette

_MOST_CODES = 4
_COLUMNS = ["hangup_reason", "hangup_code", "hangup_party"]


def hangup_reasons(calls: pd.DataFrame, palette: Palette) -> Chart:
    """As `hangups`, of distinct calls; nothing can be picked."""
    counted = calls.groupby(_COLUMNS, dropna=False, observed=True)["contradictory"].agg(["size", "sum"]).reset_index()
    counted.columns = pd.Index(["reason", "code", "party", "calls", "contradictory"])
    return hangups(counted, palette, picked=None)


def hangups(reasons: pd.DataFrame, palette: Palette, *, picked: Picked | None = NOBODY) -> Chart:
    """Why calls ended, ranked, split by who ended them; what contradicts itself is hatched and counted in the note.

    `reasons` has `reason` (missing = none given), `code` (missing = none), `party`, `calls`, and how many of these are
    `contradictory`. Points carry the reason: "" where none was given, None for all the others together.
    """
    title = "Hang-up reasons by party"
    help_ = (
        "hangupReason as recorded, ranked. The party comes from the code and the reason first; hangupBy counts only "
        "where they are silent. Calls whose hangupBy contradicts them are hatched (flag hangup_party)."
    )
    rows = reasons[reasons["calls"] > 0]
    if rows.empty:
        return Chart("hangup_reasons", title, "No calls", help_, "", None)
    said = rows["reason"].astype(object)
    rows = rows.assign(bar=said.where(said.notna(), NONE_SAID).astype(object))
    totals = rows.groupby("bar")["calls"].sum()
    kept = best(totals, picked)
    values: list[Value] = list(kept)
    labels = [value or "No reason given" for value in kept]
    if len(kept) < len(totals):
        rows = rows.assign(bar=rows["bar"].where(rows["bar"].isin(kept), None))
        values.append(None)
        labels.append(f"{len(totals) - len(kept):,} other reasons")
    of_bar = [rows[rows["bar"].isna() if value is None else rows["bar"] == value] for value in values]
    n = [int(bar["calls"].sum()) for bar in of_bar]
    whole = sum(n)
    cuts = []
    for hatched in (False, True):
        for party in PARTIES:
            amounts = [_calls(bar[bar["party"] == party], hatched) for bar in of_bar]
            cuts.append(Cut(party.capitalize(), party, amounts, _hovers(party, hatched, amounts, n, of_bar), hatched))
    ends = [f"{calls:,}" for calls in n]
    figure = ranked_bars(values, labels, cuts, palette, picked, ends=ends, x_title="Calls")
    wrong = int(rows["contradictory"].sum())
    note = f"n {many(whole, 'call')} · {wrong:,} contradictory"
    first = wording.plain(labels[0])
    alt = f"Hang-up reasons of {many(whole, 'call')}; most often, {n[0]:,} times: {first}"
    return Chart("hangup_reasons", title, note, help_, alt, figure, HEIGHT, POINTS if picked is not None else ())


def _calls(rows: pd.DataFrame, contradictory: bool) -> int:
    wrong = int(rows["contradictory"].sum())
    return wrong if contradictory else int(rows["calls"].sum()) - wrong


def _hovers(
    party: str, hatched: bool, amounts: Sequence[int], n: Sequence[int], of_bar: Sequence[pd.DataFrame]
) -> list[str]:
    doubt = ", hangupBy contradicts" if hatched else ""
    return [
        f"{party.capitalize()}{doubt} <b>{amount:,}</b>, {share_of(amount, all_of_it, 'calls')}{_codes(bar)}"
        for amount, all_of_it, bar in zip(amounts, n, of_bar, strict=True)
    ]


def _codes(rows: pd.DataFrame) -> str:
    """The codes as recorded, the most frequent first."""
    codes = rows.dropna(subset=["code"]).groupby("code")["calls"].sum().sort_values(ascending=False, kind="stable")
    if codes.empty:
        return "<br>no code"
    more = f" and {len(codes) - _MOST_CODES:,} more" if len(codes) > _MOST_CODES else ""
    return f"<br>code {', '.join(str(int(code)) for code in codes.index[:_MOST_CODES])}{more}"
