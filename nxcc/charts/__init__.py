"""Charts of calls: a DataFrame of calls in (`records.frame`, each call once), a `Chart` with its plotly figure out."""

from nxcc.charts.bars import Part, parts_bar
from nxcc.charts.chart import HEIGHT, Chart
from nxcc.charts.cost import cost_by_day
from nxcc.charts.hangups import hangup_reasons
from nxcc.charts.pace import answers_a_second
from nxcc.charts.talk import talk_time

__all__ = ["HEIGHT", "Chart", "Part", "answers_a_second", "cost_by_day", "hangup_reasons", "parts_bar", "talk_time"]
