"""How the chains went: path and ranks of the numbers that agree least, effective draws of all, energy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headwater.mixing.bayes.fit import reported
from headwater.posterior.records import Chains
from headwater.report.figures.panels import Margins, heading, line_key, note, panel_grid
from headwater.report.mix.material import Material
from headwater.report.mix.words import diverged, quantity_name
from headwater.report.numbers import MISSING, integer, number
from headwater.report.planned import Planned
from headwater.report.style import ALERT, INK, PALE, QUIET, WIDE_MM

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from headwater.mixing.bayes.family import Array
    from headwater.posterior.diagnose import Diagnosis
    from headwater.report.text import Text

MOST_TRACED = 3
MOST_POINTS = 600
BINS = 20
CHAIN_COLOURS = ("#302BDE", "#C8553D", "#18943B", "#B8860B", "#B65FCF", "#4F8F8B", "#082D37", "#D77A9B")
LIMIT = 400.0


@dataclass(frozen=True)
class Traced:
    """Draws (chains, draws) of one number, and what is known about them."""

    label: str
    draws: Array
    rhat: float
    ess: float


def plan(material: Material, text: Text) -> list[Planned]:
    """One figure, where there are draws enough to be looked at."""
    diagnosis = material.fit.diagnosis
    if diagnosis.draws < BINS or not len(diagnosis.quantities):
        return []
    rhat, ess = diagnosis.worst_rhat, min(diagnosis.worst_ess_bulk, diagnosis.worst_ess_tail)
    said = text(
        "mix.chains.finding" if material.fit.trusted else "mix.chains.finding_refused",
        rhat=number(rhat, 3), ess=integer(ess) if np.isfinite(ess) else MISSING,
        divergent=diverged(diagnosis.divergent, text),
        chains=diagnosis.chains, draws=integer(diagnosis.draws), n=len(diagnosis.quantities),
    )  # fmt: skip
    return [
        Planned(
            name="chains", part="chains", title=text("mix.chains.title"), finding=said,
            method=text("mix.chains.method", n=min(MOST_TRACED, len(diagnosis.quantities))),
            draw=partial(
                draw_chains, traced(material, text), diagnosis, material.fit.chains, text=text
            ),
        )
    ]  # fmt: skip


def worst(diagnosis: Diagnosis) -> list[int]:
    """Numbers of the quantities, those first that speak most against the draws."""
    measures = diagnosis.measures
    ess = np.fmin(measures.ess_bulk, measures.ess_tail)
    with np.errstate(invalid="ignore", divide="ignore"):
        bad = np.fmax(
            (np.nan_to_num(measures.rhat, nan=1e3) - 1) / 0.01, LIMIT / np.nan_to_num(ess, nan=1e-3)
        )
    bad[measures.constant] = -1.0
    return [int(i) for i in np.argsort(-bad, kind="stable")]


def traced(material: Material, text: Text) -> list[Traced]:
    """The numbers that speak most against the draws."""
    fit = material.fit
    _, values = reported(fit.draws, fit.chains)
    measures, names = fit.diagnosis.measures, fit.diagnosis.quantities
    return [
        Traced(
            quantity_name(names[i], text), values[:, :, i], float(measures.rhat[i]),
            float(min(measures.ess_bulk[i], measures.ess_tail[i])),
        )
        for i in _different(worst(fit.diagnosis), measures.ess_bulk)[:MOST_TRACED]
    ]  # fmt: skip


def _different(order: list[int], ess: Array) -> list[int]:
    """The numbers without repeats, as of a level that is the only one of its parent."""
    return list({f"{ess[i]:.6g}": i for i in reversed(order)}.values())[::-1]


def draw_chains(numbers: list[Traced], diagnosis: Diagnosis, chains: Chains, *, text: Text) -> Figure:
    """A row a number: path and ranks of each chain; below: effective draws of all numbers, and energy."""
    count = diagnosis.chains
    legend = [
        line_key(text("mix.chains.chain", n=c + 1), colour=CHAIN_COLOURS[c % len(CHAIN_COLOURS)])
        for c in range(min(count, 8))
    ]
    fig, axes = panel_grid(
        2 * (len(numbers) + 1), width_mm=WIDE_MM, height_mm=25, columns=2, ratios=(1.9, 1.0), legend=legend,
        margins=Margins(left=15, across=15, down=15, bottom=11),
    )  # fmt: skip
    for row, one in enumerate(numbers):
        path, ranks = axes[2 * row], axes[2 * row + 1]
        heading(path, one.label, 2 * row)
        _path(path, one.draws)
        heading(ranks, text("mix.chains.ranks", rhat=number(one.rhat, 3), ess=integer(one.ess)
                            if np.isfinite(one.ess) else MISSING), 2 * row + 1)  # fmt: skip
        _ranks(ranks, one.draws)
        if row == len(numbers) - 1:
            path.set_xlabel(text("mix.chains.draw"))
            ranks.set_xlabel(text("mix.chains.rank"))
    effective, energy = axes[-2], axes[-1]
    heading(effective, text("mix.chains.effective"), 2 * len(numbers))
    _effective(effective, diagnosis, text)
    heading(energy, text("mix.chains.energy"), 2 * len(numbers) + 1)
    _energy(energy, chains, diagnosis, text)
    return fig


def _path(panel: Axes, draws: Array) -> None:
    step = max(1, -(-draws.shape[1] // MOST_POINTS))
    at = np.arange(0, draws.shape[1], step) + 1
    for c, own in enumerate(draws):
        panel.plot(at, own[::step], color=CHAIN_COLOURS[c % len(CHAIN_COLOURS)], linewidth=0.4, alpha=0.8,
                   rasterized=True)  # fmt: skip
    panel.set_xlim(1, draws.shape[1])
    finite = draws[np.isfinite(draws)]
    if len(finite) and np.ptp(finite) > 0:
        low, high = finite.min(), finite.max()
        panel.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))


def _ranks(panel: Axes, draws: Array) -> None:
    """Ranks of each chain among all draws: level, if the chains agree."""
    length = draws.shape[1]
    rank = np.argsort(np.argsort(draws, axis=None, kind="stable"), kind="stable").reshape(draws.shape)
    expected = length / BINS
    half = 1.96 * np.sqrt(expected * (1 - 1 / BINS))
    panel.axhspan(expected - half, expected + half, color=QUIET, alpha=0.18, linewidth=0)
    top = expected + half
    for c, own in enumerate(rank):
        count, _ = np.histogram(own, bins=BINS, range=(0, draws.size))
        colour = CHAIN_COLOURS[c % len(CHAIN_COLOURS)]
        panel.stairs(count, np.linspace(0, 1, BINS + 1), baseline=None, color=colour, linewidth=0.8)
        top = max(top, float(count.max()))
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1.12 * top)
    panel.set_xticks([0, 0.5, 1])


def _effective(panel: Axes, diagnosis: Diagnosis, text: Text) -> None:
    """Effective draws of every number, the smallest first."""
    measures = diagnosis.measures
    moving = ~measures.constant & np.isfinite(measures.ess_bulk) & np.isfinite(measures.ess_tail)
    ends = [np.sort(x[moving]) for x in (measures.ess_bulk, measures.ess_tail)]
    looks = ((INK, "-", "mix.chains.bulk"), (QUIET, (0, (4, 2)), "mix.chains.tail"))
    for values, (colour, dash, label) in zip(ends, looks, strict=True):
        if len(values):
            mark = "o" if len(values) <= 60 else ""
            panel.plot(np.arange(1, len(values) + 1), values, color=colour, linestyle=dash, linewidth=1.0,
                       marker=mark, markersize=2.2, label=text.sentences[label])  # fmt: skip
    panel.axhline(LIMIT, color=ALERT, linewidth=0.8)
    panel.set_ylim(bottom=0)
    if panel.get_ylim()[1] < 1.2 * LIMIT:
        panel.set_ylim(0, 1.2 * LIMIT)
    panel.legend(loc="upper left")
    panel.set_xlabel(text("mix.chains.number"))
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.grid(axis="y", color=PALE, linewidth=0.4)


def _energy(panel: Axes, chains: Chains, diagnosis: Diagnosis, text: Text) -> None:
    """Energies, and how far one draw changes them: alike, if momenta reach all energies."""
    energy = chains.energy
    centred = (energy - energy.mean()).ravel()
    jumps = np.diff(energy, axis=1).ravel()
    reach = float(np.quantile(np.abs(np.concatenate([centred, jumps])), 0.999)) if jumps.size else 1.0
    edges = np.linspace(-reach, reach, 41)
    for values, colour, label in ((centred, INK, "mix.chains.marginal"), (jumps, QUIET, "mix.chains.change")):
        count, _ = np.histogram(values, bins=edges, density=True)
        panel.stairs(count, edges, baseline=None, color=colour, linewidth=1.0, label=text.sentences[label])
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    panel.legend(loc="upper right", fontsize=6.5)
    note(panel, f"E-BFMI {number(float(np.min(diagnosis.energy_fraction)), 2)}", x=0.02, y=0.97, ha="left")
