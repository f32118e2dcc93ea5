"""Charts of calls: a DataFrame of calls in (`records.frame`, each call once), a `Chart` with its plotly figure out."""

from nxcc.charts.chart import HEIGHT, Chart
from nxcc.charts.cost import cost_by_day
from nxcc.charts.hangups import hangup_reasons
from nxcc.charts.talk import talk_time

__all__ = ["HEIGHT", "Chart", "cost_by_day", "hangup_reasons", "talk_time"]
