"""Correlation maps, means and signs in; the report of what drives soil water out: page, figures, JSON.

May import the result records of ``drivers`` and ``grids``. Computes no correlation.
"""

from headwater.report.drivers.material import FileRead, Material, SettingShown
from headwater.report.drivers.write import write_drivers_report

__all__ = ["FileRead", "Material", "SettingShown", "write_drivers_report"]
