from .alert import Alert, AlertRule
from .figures import DayFigures, DayGiven
from .report import ReportSubscription
from .targets import FigureTarget

__all__ = ("Alert", "AlertRule", "DayFigures", "DayGiven", "FigureTarget", "ReportSubscription")
