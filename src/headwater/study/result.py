"""What a study hands on: tidy tables, plot data, and everything that was refused or needs a warning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from headwater.samples.table import SampleTable
from headwater.stats.line import Line


@dataclass(frozen=True)
class Notice:
    """Something the reader must know; ``code`` finds its sentence in either language.

    ``level`` is ``info``, ``warning`` or ``refused`` (then that part has no result).
    ``values`` fill the blanks of the sentence. ``period``/``stratum``/``stratum_level`` may be empty.
    """

    code: str
    level: str
    values: dict[str, Any] = field(default_factory=dict)
    period: str = ""
    stratum: str = ""
    stratum_level: str = ""


@dataclass(frozen=True)
class StudyTables:
    """Tidy tables, each a DataFrame (empty with its columns where nothing could be computed).

    contributions : period, stratum, level, source, n, mean, sd, q025, q50, q975, method, flags
    lines : kind, period, stratum, level, n, slope, slope_se, intercept, intercept_se, r2, method,
        residual_sd
    isotopes : kind, period, stratum, level, n, then d18O, d2H, d_excess, lc_excess each as
        ``_mean, _sd, _low, _high`` (95 % interval of the mean), then
        excess_slope, excess_intercept, excess_r2 (regression of d-excess on δ18O)
    source_water : period, stratum, level, n, slope, slope_se, craig_gordon_slope, d18O, d18O_low,
        d18O_high, d2H, d2H_low, d2H_high, verdict (well-defined | ill-defined), posterior_d18O,
        posterior_d18O_low, posterior_d18O_high, posterior_d2H, evaporation (‰ of δ18O),
        fraction_evaporated_steady, fraction_evaporated_nonsteady
    line_distance : period, stratum, level, n, lc_excess, low, high, rank (1 = closest to the line)
    distances : period, kind_a, kind_b, n_a, n_b, energy, mahalanobis, p, p_adjusted
    gradients : kind, period, variable, against, n, slope, slope_se, r2, p
    profiles : period, depth, depth_mid_m, n, d18O_mean, d18O_low, d18O_high, d_excess_mean,
        d_excess_low, d_excess_high, soil_temperature_C, soil_moisture
    contrasts : kind, factor, level_a, level_b, variable, n_a, n_b, difference, low, high, p
    end_members : period, source, n, d18O_mean, d18O_sd, d2H_mean, d2H_sd, d_excess_mean, d_excess_sd,
        window (period | three_months | other_years | absent), used (bool), note
    geometry : period, stratum, level, n, inside_probability (mean), outside_n (samples below 0.05)
    overlap : period, source_a, source_b, overlap (0–1), mahalanobis, distinguishable (bool)
    emma : period, dimension, explained, tracer, rrmse, bias, residual_p, n_end_members, reason
    first_order : period, stratum, level, source, share, se, dof, low, high, p_outside
    exact : as contributions, by end-member algebra; the same table where that is the method
    other_form : as contributions, under the other form of the distribution of evaporation; periods whose
        draws of it can be trusted
    engine : one row a fit: period, form (of the distribution of evaporation), used (its shares are the
        contributions), trusted, n, parameters, rhat, ess_bulk, ess_tail, divergent, slope, slope_sd,
        slope_prior, slope_prior_sd, evaporation (mean, ‰ of δ18O), evaporation_sd, start, process_scale,
        design_effect (of the share of the whole period), cpu_seconds
    """

    contributions: pd.DataFrame
    lines: pd.DataFrame
    isotopes: pd.DataFrame
    source_water: pd.DataFrame
    line_distance: pd.DataFrame
    distances: pd.DataFrame
    gradients: pd.DataFrame
    profiles: pd.DataFrame
    contrasts: pd.DataFrame
    end_members: pd.DataFrame
    geometry: pd.DataFrame
    overlap: pd.DataFrame
    emma: pd.DataFrame
    first_order: pd.DataFrame
    exact: pd.DataFrame
    other_form: pd.DataFrame
    engine: pd.DataFrame


@dataclass(frozen=True)
class StudyResult:
    """A whole study.

    Attributes
    ----------
    title : heading of the report
    table : the samples as read, with their problems
    waters : one row a water (parallels pooled), canonical columns plus ``d_excess, lc_excess,
        parallels, period`` and one column a stratum (``altitude, vegetation, aspect, depth, basin``;
        missing where it has no level); ``role`` is ``mixture``, ``source`` or ``other``;
        ``source`` is the source name where role is ``source``
    periods : in time order; ``period_names`` gives the reader's name of each (may be the same)
    strata : stratum → its levels in display order (altitude ascending, depth from the top)
    sources : source names in display order
    meteoric_line : the local line (None where there is too little precipitation), with
        ``meteoric_line_origin`` saying where it comes from
    evaporation_lines : (period, stratum, level) → Line of the mixture, stratum and level ``all`` included
    outside_bands : waters that lie outside every altitude band
    truth : the known truth of a simulated campaign: period, stratum, level, source, share; else None
    settings : every setting as (name, value, origin)
    """

    title: str
    table: SampleTable
    waters: pd.DataFrame
    tables: StudyTables
    periods: tuple[str, ...]
    period_names: dict[str, str]
    strata: dict[str, tuple[str, ...]]
    sources: tuple[str, ...]
    mixture: str
    meteoric_line: Line | None
    meteoric_line_origin: str
    evaporation_lines: dict[tuple[str, str, str], Line]
    notices: tuple[Notice, ...]
    outside_bands: int
    settings: tuple[tuple[str, str, str], ...]
    truth: pd.DataFrame | None = None

    @property
    def simulated(self) -> bool:
        """True where the samples come from a simulation with known truth."""
        return self.truth is not None
