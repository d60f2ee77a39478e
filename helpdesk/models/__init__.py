from .alert import Alert, AlertRule
from .figures import DayFigures
from .report import ReportSubscription

__all__ = ("Alert", "AlertRule", "DayFigures", "ReportSubscription")
