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
    said = said.where(said.notna(), NONE_SAID).astype(object)
    totals = rows["calls"].groupby(said).sum()
    kept = best(totals, picked)
    values: list[Value] = list(kept)
    labels = [value or "No reason given" for value in kept]
    if len(kept) < len(totals):
        values.append(None)
        labels.append(f"{len(totals) - len(kept):,} other reasons")
    bar = said.map({value: n for n, value in enumerate(kept)}).fillna(len(kept)).astype(int)
    n = [int(calls) for calls in rows["calls"].groupby(bar).sum()]
    codes = _codes(rows, bar, len(values))
    cuts = []
    for hatched, calls in ((False, rows["calls"] - rows["contradictory"]), (True, rows["contradictory"])):
        parts = calls.groupby([rows["party"], bar]).sum().unstack(fill_value=0)
        for party in PARTIES:
            if party in parts.index:
                amounts = [int(amount) for amount in parts.loc[party].to_numpy()]
                cuts.append(
                    Cut(party.capitalize(), party, amounts, _hovers(party, hatched, amounts, n, codes), hatched)
                )
    ends = [f"{calls:,}" for calls in n]
    figure = ranked_bars(values, labels, cuts, palette, picked, ends=ends, x_title="Calls")
    whole, wrong = sum(n), int(rows["contradictory"].sum())
    note = f"n {many(whole, 'call')} · {wrong:,} contradictory"
    first = wording.plain(labels[0])
    alt = f"Hang-up reasons of {many(whole, 'call')}; most often, {n[0]:,} times: {first}"
    return Chart("hangup_reasons", title, note, help_, alt, figure, HEIGHT, POINTS if picked is not None else ())


def _hovers(party: str, hatched: bool, amounts: Sequence[int], n: Sequence[int], codes: Sequence[str]) -> list[str]:
    doubt = ", hangupBy contradicts" if hatched else ""
    return [
        f"{party.capitalize()}{doubt} <b>{amount:,}</b>, {share_of(amount, all_of_it, 'calls')}<br>{code}"
        for amount, all_of_it, code in zip(amounts, n, codes, strict=True)
    ]


def _codes(rows: pd.DataFrame, bar: pd.Series[int], bars: int) -> list[str]:
    """Each bar's codes as recorded, the most frequent first."""
    coded = rows["code"].notna()
    calls = rows["calls"][coded].groupby([bar[coded], rows["code"][coded].astype(int)]).sum()
    found: list[list[int]] = [[] for _ in range(bars)]
    for place, code in calls.sort_values(ascending=False, kind="stable").index:
        found[place].append(code)
    return [_few(codes) for codes in found]


def _few(codes: Sequence[int]) -> str:
    if not codes:
        return "no code"
    more = f" and {len(codes) - _MOST_CODES:,} more" if len(codes) > _MOST_CODES else ""
    return f"code {', '.join(map(str, codes[:_MOST_CODES]))}{more}"
