"""The literature behind a fit, as far as this model uses it."""

from __future__ import annotations

from headwater.mixing.bayes.model import MixingModel

ALWAYS = (
    "Moore J.W., Semmens B.X. (2008) Incorporating uncertainty and prior information into stable isotope "
    "mixing models. Ecology Letters 11, 470–480.",
    "Stock B.C., Semmens B.X. (2016) Unifying error structures in commonly used biotracer mixing models. "
    "Ecology 97, 2562–2569.",
    "Hoffman M.D., Gelman A. (2014) The No-U-Turn sampler. Journal of Machine Learning Research "
    "15, 1593–1623.",
    "Betancourt M. (2017) A conceptual introduction to Hamiltonian Monte Carlo. arXiv 1701.02434.",
    "Vehtari A., Gelman A., Simpson D., Carpenter B., Bürkner P.-C. (2021) Rank-normalization, folding, and "
    "localization: an improved R-hat. Bayesian Analysis 16, 667–718.",
    "Gelman A., Meng X.-L., Stern H. (1996) Posterior predictive assessment of model fitness via realized "
    "discrepancies. Statistica Sinica 6, 733–807.",
    "Vehtari A., Gelman A., Gabry J. (2017) Practical Bayesian model evaluation using leave-one-out "
    "cross-validation and WAIC. Statistics and Computing 27, 1413–1432.",
    "Inman H.F., Bradley E.L. (1989) The overlapping coefficient as a measure of agreement between "
    "probability distributions. Communications in Statistics – Theory and Methods 18, 3851–3874.",
)
FACTORS = (
    "Semmens B.X., Ward E.J., Moore J.W., Darimont C.T. (2009) Quantifying inter- and intra-population niche "
    "variability using hierarchical Bayesian stable isotope mixing models. PLoS ONE 4, e6187.",
    "Egozcue J.J., Pawlowsky-Glahn V., Mateu-Figueras G., Barceló-Vidal C. (2003) Isometric logratio "
    "transformations for compositional data analysis. Mathematical Geology 35, 279–300.",
)
CONCENTRATION = (
    "Phillips D.L., Koch P.L. (2002) Incorporating concentration dependence in stable isotope mixing models. "
    "Oecologia 130, 114–125.",
)
EVAPORATION = (
    "Craig H., Gordon L.I. (1965) Deuterium and oxygen-18 variations in the ocean and the marine atmosphere.",
    "Bowen G.J., Putman A., Brooks J.R., Bowling D.R., Oerter E.J., Good S.P. (2018) Inferring the source of "
    "evaporated waters using stable H and O isotopes. Oecologia 187, 1025–1039.",
)
MIXSIAR = (
    "Stock B.C., Jackson A.L., Ward E.J., Parnell A.C., Phillips D.L., Semmens B.X. (2018) Analyzing mixing "
    "systems using a new generation of Bayesian tracer mixing models. PeerJ 6, e5096.",
)
SIMMR = (
    "Parnell A.C., Phillips D.L., Bearhop S., et al. (2013) Bayesian stable isotope mixing models. "
    "Environmetrics 24, 387–399.",
)


def references(model: MixingModel) -> list[str]:
    """Citations of what this model uses."""
    found = list(ALWAYS)
    found += FACTORS if model.factors or model.covariates else ()
    found += CONCENTRATION if model.sources.concentration is not None else ()
    found += EVAPORATION if model.evaporation is not None else ()
    found += MIXSIAR if model.style == "mixsiar" else SIMMR if model.style == "simmr" else ()
    return found
