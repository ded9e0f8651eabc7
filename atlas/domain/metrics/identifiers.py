"""The words of the statistics: metric ids, reasons why a number is missing, units."""

from enum import StrEnum


class MetricId(StrEnum):
    """The stable id of each metric; `definitions` says what each means."""

    TOTAL_RETURN = "total_return"
    CAGR = "cagr"
    BEST_DAY = "best_day"
    WORST_DAY = "worst_day"
    BEST_MONTH = "best_month"
    WORST_MONTH = "worst_month"
    MONTHLY_RETURN = "monthly_return"
    YEARLY_RETURN = "yearly_return"

    VOLATILITY = "volatility"
    DOWNSIDE_DEVIATION = "downside_deviation"
    VALUE_AT_RISK_95 = "value_at_risk_95"
    CVAR_95 = "cvar_95"
    VALUE_AT_RISK_95_PARAMETRIC = "value_at_risk_95_parametric"
    CVAR_95_PARAMETRIC = "cvar_95_parametric"
    TAIL_RATIO = "tail_ratio"
    SKEWNESS = "skewness"
    EXCESS_KURTOSIS = "excess_kurtosis"

    MAX_DRAWDOWN = "max_drawdown"
    MAX_DRAWDOWN_DAYS = "max_drawdown_days"
    CURRENT_DRAWDOWN = "current_drawdown"
    ULCER_INDEX = "ulcer_index"

    SHARPE = "sharpe"
    SORTINO = "sortino"
    CALMAR = "calmar"
    OMEGA = "omega"
    PROBABILISTIC_SHARPE = "probabilistic_sharpe"
    KELLY = "kelly"

    WIN_RATE_DAYS_NONZERO = "win_rate_days_nonzero"
    WIN_RATE_MONTHS = "win_rate_months"
    WIN_RATE_TRADES = "win_rate_trades"
    TRADE_COUNT = "trade_count"
    PROFIT_FACTOR = "profit_factor"
    EXPECTANCY = "expectancy"
    EXPECTANCY_USD = "expectancy_usd"
    AVERAGE_TRADE_DURATION = "average_trade_duration"
    EXPOSURE = "exposure"
    TURNOVER = "turnover"

    BETA = "beta"
    ALPHA_ARITHMETIC = "alpha_arithmetic"
    ALPHA_GEOMETRIC = "alpha_geometric"
    CORRELATION = "correlation"
    TRACKING_ERROR = "tracking_error"
    INFORMATION_RATIO = "information_ratio"
    TREYNOR = "treynor"
    UP_CAPTURE = "up_capture"
    DOWN_CAPTURE = "down_capture"

    ROLLING_SHARPE = "rolling_sharpe"
    ROLLING_VOLATILITY = "rolling_volatility"
    ROLLING_BETA = "rolling_beta"


class Reason(StrEnum):
    """Why a metric has no value; never a number in disguise."""

    meaning: str

    INSUFFICIENT_HISTORY = "insufficient_history", "fewer days or observations than it needs"
    ZERO_VARIANCE = "zero_variance", "the returns that it divides by do not vary"
    ZERO_BETA = "zero_beta", "the strategy does not move with the benchmark"
    ZERO_TAIL = "zero_tail", "the 5 % quantile of the returns is zero"
    NO_DOWNSIDE = "no_downside", "no return lies below the target"
    NO_DRAWDOWN = "no_drawdown", "the NAV never fell below an earlier peak"
    NO_MOVES = "no_moves", "no day or month had a return other than zero"
    NO_WINS = "no_wins", "nothing was won"
    NO_LOSSES = "no_losses", "nothing was lost"
    NO_UP_DAYS = "no_up_days", "the benchmark rose on no day"
    NO_DOWN_DAYS = "no_down_days", "the benchmark fell on no day"
    NO_BENCHMARK = "no_benchmark", "no benchmark was given"
    NO_TRADES = "no_trades", "no trade falls into the window"
    NOT_REPORTED = "not_reported", "the data that it needs was not reported"
    WIPED_OUT = "wiped_out", "the NAV fell to zero or below"
    GAPS = "gaps", "days are missing beyond what may be carried forward"
    OUT_OF_RANGE = "out_of_range", "the result is no number that can be written down"

    def __new__(cls, word: str, meaning: str) -> "Reason":
        """Make a member that is its word and carries its meaning."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member


class Unit(StrEnum):
    """What a value counts; a ratio of 0.12 is 12 %."""

    RATIO = "ratio"
    NUMBER = "number"
    COUNT = "count"
    DAYS = "days"
    SECONDS = "seconds"
    USD = "usd"
