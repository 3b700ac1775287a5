"""The words of a refusal: what is wrong with the draws, and what helps."""

from __future__ import annotations

from headwater.errors import NotTrustworthy
from headwater.posterior.diagnose import Diagnosis, Reason, Remedy, Trouble

WHAT = {
    Reason.TOO_FEW_DRAWS: "only {value:.0f} draws a chain; at least {limit:.0f} are needed",
    Reason.ONE_CHAIN: "only {value:.0f} chain, so nothing shows whether another one would agree",
    Reason.NOT_FINITE: "{count} reported numbers are not finite, first {worst}",
    Reason.STUCK: "{count} reported numbers never move, first {worst} at {value:.4g}",
    Reason.RHAT: "chains do not agree: R-hat {value:.3f} > {limit} in {worst}; {count} fail",
    Reason.ESS_BULK: "too few effective draws: bulk ESS {value:.0f} < {limit:.0f} in {worst}; {count} fail",
    Reason.ESS_TAIL: "too few effective draws in the tails: tail ESS {value:.0f} < {limit:.0f} in {worst}; "
    "{count} fail",
    Reason.DIVERGENT: "{count} draws diverged ({value:.2%}; allowed {limit:.1%})",
}
TO_DO = {
    Remedy.MORE_DRAWS: "ask for more draws",
    Remedy.MORE_CHAINS: "use at least two chains, better four",
    Remedy.HIGHER_ACCEPT: "raise the acceptance to 0.99",
    Remedy.DECLARE_ABSENT: "declare a source absent where it cannot be, instead of a prior weight near zero",
    Remedy.SIMPLER_MODEL: "simplify the model: fewer factors, or merge sources that are alike",
    Remedy.CHECK_INPUT: "look for impossible values in the input",
}


def explain(trouble: Trouble) -> str:
    """One sentence: what fails, the number, the limit, where."""
    return WHAT[trouble.reason].format(
        value=trouble.value, limit=trouble.limit, worst=trouble.worst, count=trouble.count
    )


def require_trusted(diagnosis: Diagnosis) -> None:
    """Nothing if the draws can be trusted.

    Raises
    ------
    NotTrustworthy
        With every reason, the remedies and ``diagnosis``; the draws stay with the caller.
    """
    if diagnosis.trusted:
        return
    remedies = dict.fromkeys(remedy for trouble in diagnosis.troubles for remedy in trouble.remedies)
    raise NotTrustworthy(
        "The draws cannot be trusted: "
        + "; ".join(explain(trouble) for trouble in diagnosis.troubles)
        + ". To do: "
        + "; or ".join(TO_DO[remedy] for remedy in remedies)
        + ".",
        diagnosis=diagnosis,
    )
