"""More draws where they help: until the draws can be trusted, or until it is no use to go on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from headwater.posterior.diagnose import Diagnosis, Reason
from headwater.posterior.records import Chains

CURED_BY_DRAWS = {Reason.TOO_FEW_DRAWS, Reason.RHAT, Reason.ESS_BULK, Reason.ESS_TAIL}
MARGIN = 1.2


@dataclass(frozen=True)
class Step:
    """One attempt to cure: chains made longer, or run anew at a higher acceptance.

    Attributes
    ----------
    reasons : what it was to cure
    draws_before, draws_after : of each chain
    """

    kind: Literal["extended", "rerun"]
    reasons: tuple[Reason, ...]
    draws_before: int
    draws_after: int


@dataclass(frozen=True)
class Extension:
    """The chains in the end, their diagnosis, and what was done on the way."""

    chains: Chains
    diagnosis: Diagnosis
    steps: tuple[Step, ...]


def extend_until(
    chains: Chains,
    judge: Callable[[Chains], Diagnosis],
    *,
    go_on: Callable[[Chains, int], Chains],
    asked: int,
    at_most: int = 4,
    rerun: Callable[[], Chains] | None = None,
) -> Extension:
    """Chains that were made longer until they can be trusted, up to ``at_most`` times the draws asked for.

    Divergences do not go away with more draws: the chains are run anew, once, at a higher acceptance.
    A failure that neither cures ends it. The verdict stands in the diagnosis of what comes out; nothing is
    raised.

    Parameters
    ----------
    judge : the diagnosis of chains
    go_on : chains and a number → the chains with that many draws more in each
    asked : draws of each chain
    rerun : new chains at a higher acceptance; None: not possible
    """
    steps: list[Step] = []
    diagnosis = judge(chains)
    while not diagnosis.trusted and not chains.interrupted:
        before = diagnosis.draws
        reasons = tuple(trouble.reason for trouble in diagnosis.troubles)
        room = at_most * asked - before
        if Reason.DIVERGENT in reasons and rerun is not None:
            kind: Literal["extended", "rerun"] = "rerun"
            chains, rerun = rerun(), None
        elif set(reasons) <= CURED_BY_DRAWS and room > 0:
            kind = "extended"
            chains = go_on(chains, min(room, _draws_missing(diagnosis, asked)))
        else:
            break
        diagnosis = judge(chains)
        steps.append(Step(kind, reasons, before, diagnosis.draws))
        if kind == "extended" and diagnosis.draws <= before:
            break
    return Extension(chains, diagnosis, tuple(steps))


def _draws_missing(diagnosis: Diagnosis, asked: int) -> int:
    """Draws that each chain lacks: what the worst ESS asks for, at least half of those asked for; where R-hat
    fails, as many as there are."""
    missing = float(max(asked // 2, 1))
    for trouble in diagnosis.troubles:
        if trouble.reason is Reason.RHAT:
            missing = max(missing, diagnosis.draws)
        elif trouble.reason in (Reason.ESS_BULK, Reason.ESS_TAIL) and trouble.value > 0:
            missing = max(missing, diagnosis.draws * (MARGIN * trouble.limit / trouble.value - 1))
    return math.ceil(min(missing, 1e9))
