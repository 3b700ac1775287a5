"""A fitted mixing model in; its report out: one page, figures beside it.

Draws only figures of ``Fit``; knows no study. May import the result records of ``mixing`` and ``posterior``.
"""

from headwater.report.mix.material import OtherForm
from headwater.report.mix.write import write_mix_report

__all__ = ["OtherForm", "write_mix_report"]
