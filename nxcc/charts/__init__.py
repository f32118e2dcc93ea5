"""Charts of calls: a DataFrame of calls in (`records.frame`, each call once), a `Chart` with its plotly figure out."""

from nxcc.charts.attempts import attempts_until_answered
from nxcc.charts.bars import Part, parts_bar
from nxcc.charts.by_result import calls_by_day, calls_by_hour
from nxcc.charts.chart import HEIGHT, TALL, Chart
from nxcc.charts.cost import What, cost_by, cost_by_day
from nxcc.charts.coverage import COVERAGE_HELP, coverage_strip
from nxcc.charts.dates import By
from nxcc.charts.durations import talk_distribution, waits
from nxcc.charts.hangups import hangup_reasons, hangups
from nxcc.charts.heat import answer_rate_heat
from nxcc.charts.pace import answers_a_second
from nxcc.charts.talk import talk_time

__all__ = [
    "COVERAGE_HELP",
    "HEIGHT",
    "TALL",
    "By",
    "Chart",
    "Part",
    "What",
    "answer_rate_heat",
    "answers_a_second",
    "attempts_until_answered",
    "calls_by_day",
    "calls_by_hour",
    "cost_by",
    "cost_by_day",
    "coverage_strip",
    "hangup_reasons",
    "hangups",
    "parts_bar",
    "talk_distribution",
    "talk_time",
    "waits",
]
