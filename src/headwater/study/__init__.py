"""Checked samples and settings in, a ``StudyResult`` out: strata × sources, end to end.

Touches no file (but ``read_settings.py``) and no plot. May import ``samples``, ``isotopes``, ``mixing``.
"""

from headwater.study.layers import merge_settings
from headwater.study.result import Notice, StudyResult, StudyTables
from headwater.study.run import run_study
from headwater.study.settings import StudySettings

__all__ = ["Notice", "StudyResult", "StudySettings", "StudyTables", "merge_settings", "run_study"]
