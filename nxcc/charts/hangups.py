"""Why calls ended, and who ended them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nxcc import wording
from nxcc.charts.chart import Chart, dressed
from nxcc.hangup import PARTIES
from nxcc.palette import Palette

MOST_REASONS = 7


def hangup_reasons(calls: pd.DataFrame, palette: Palette) -> Chart:
    """Why calls ended, ranked, split by who ended them; what contradicts itself is counted in the note."""
    title = "Hang-up reasons by party"
    help_ = (
        "hangupReason as recorded, ranked. The party comes from the code and the reason first; hangupBy counts only "
        "where they are silent. Calls whose hangupBy contradicts them are counted apart (flag hangup_party)."
    )
    if calls.empty:
        return Chart("hangup_reasons", title, "No calls", help_, "", None)
    said = calls["hangup_reason"].astype("str").fillna("No reason given")
    reasons = pd.DataFrame({"reason": said, "party": calls["hangup_party"]})
    totals = reasons["reason"].value_counts()
    if len(totals) > MOST_REASONS:
        kept = totals.index[: MOST_REASONS - 1]
        rest = f"{len(totals) - len(kept)} other reasons"
        reasons["reason"] = reasons["reason"].where(reasons["reason"].isin(kept), rest)
        totals = pd.concat([totals[: MOST_REASONS - 1], pd.Series({rest: int(totals[MOST_REASONS - 1 :].sum())})])
    ranked = list(totals.index)[::-1]
    places = np.arange(len(ranked))
    figure = go.Figure()
    for party in PARTIES:
        n = reasons.loc[reasons["party"] == party, "reason"].value_counts().reindex(ranked, fill_value=0).to_numpy()
        if not n.any():
            continue
        figure.add_bar(
            y=places,
            x=n,
            orientation="h",
            name=party.capitalize(),
            marker_color=palette.mark[party],
            customdata=np.array([wording.in_chart(reason) for reason in ranked], dtype=object),
            hovertemplate=f"%{{customdata}}<br>{party.capitalize()} <b>%{{x:,}}</b> calls<extra></extra>",
        )
    most = int(totals.max())
    for place, reason in enumerate(ranked):
        figure.add_annotation(
            x=int(totals[reason]), y=place, text=f"{totals[reason]:,}", showarrow=False, xanchor="left", xshift=3,
            font={"size": 11, "color": palette.mark["ink"]},
        )  # fmt: skip
    labels = [wording.in_chart(wording.cut(reason, 26)) for reason in ranked]
    figure.update_layout(
        barmode="stack",
        xaxis={"title": "Calls", "showticklabels": False, "showline": False, "ticks": "", "range": [0, most * 1.2]},
        yaxis={
            "tickvals": places,
            "ticktext": labels,
            "showgrid": False,
            "range": [min(0, len(ranked) - 4) - 0.6, len(ranked) - 0.4],
        },
    )
    wrong = int(calls["contradictory"].sum())
    note = f"n {len(calls):,} call{'' if len(calls) == 1 else 's'} · {wrong:,} contradictory"
    alt = f"Hang-up reasons of {len(calls)} calls; most often: {wording.plain(str(totals.index[0]))}"
    return Chart("hangup_reasons", title, note, help_, alt, dressed(figure, palette, key=True))
