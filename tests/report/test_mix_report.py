"""The report of a mixing model: it says what the draws say, and shows no shares that cannot be trusted."""

from __future__ import annotations

import ast
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from headwater.errors import InputRefused
from headwater.mixing.bayes.check import Code
from headwater.mixing.bayes.evaporation_report import Flag
from headwater.mixing.bayes.model import (
    Absent,
    Error,
    Evaporation,
    Factor,
    Form,
    MixingModel,
    Mixtures,
    Sources,
    Style,
)
from headwater.posterior.diagnose import Caution, Reason, Remedy, diagnose
from headwater.posterior.predictive import Statistic
from headwater.posterior.records import SamplerSettings
from headwater.report.mix import OtherForm, write_mix_report
from headwater.report.mix.material import Material
from headwater.report.mix.page import CONTENTS, Said, page_of_fit
from headwater.report.mix.words import source_looks, source_names
from headwater.report.page import render
from headwater.report.text import LANGUAGES, Text, blanks, catalogue

pytest.importorskip("numba")
QUICK = SamplerSettings(chains=4, tune=300, draws=300)
SHORT = SamplerSettings(chains=1, tune=60, draws=60)
VOID = {"meta", "input", "br", "link", "img"}
HOSTILE = "<script>alert('x')</script>\" onload=\"x"
HAN = re.compile("[\u3400-\u9fff]")
MEAN = np.array([[-25.0, 5.0], [-18.0, 14.0], [-12.0, 8.0]])
TRUE = np.array([0.55, 0.3, 0.15])


class Read(HTMLParser):
    """Ids, links, words and balance of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href")]

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"unbalanced </{tag}>"

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def model_of(names=("Deer", "Salmon", "Seal"), factor="Pack", n=36):
    rng = np.random.default_rng(4)
    length = np.linspace(20, 80, n)
    labels = tuple(f"{i % 4 + 1}" for i in range(n))
    values = TRUE @ MEAN + rng.normal(0, 0.7, (n, 2))
    mixtures = Mixtures(("d13C", "d15N"), values, factors={factor: labels}, covariates={"Length": length})
    covariance = np.tile(np.eye(2), (1, 3, 1, 1))
    sources = Sources(names, mixtures.tracers, MEAN[None], covariance, np.full((1, 3), 20))
    return MixingModel(mixtures, sources, factors=(Factor(factor, "random"),), covariates=("Length",))


@pytest.fixture(scope="module")
def good():
    """A fit whose shares are known: 55, 30 and 15 %, whatever the pack or the length."""
    from headwater.mixing.bayes.fit import fit

    found = fit(model_of(), QUICK)
    assert found.trusted
    return found


@pytest.fixture(scope="module")
def bad():
    """A fit that is refused: one short chain, and nothing to show that another one would agree."""
    from headwater.mixing.bayes.fit import fit

    found = fit(model_of(), SHORT, at_most=1)
    assert not found.trusted
    return found


@pytest.fixture(scope="module")
def evaporated():
    """A fit of two sources of water and mixtures that evaporated."""
    from headwater.mixing.bayes.fit import fit

    rng = np.random.default_rng(6)
    rain, ice, single = (
        np.array([-9.0, -62.0]),
        np.array([-15.0, -113.0]),
        np.array([[2.0, 15.0], [15.0, 118.0]]),
    )
    noise = rng.multivariate_normal([0, 0], 0.2 * single, 50)
    values = 0.6 * rain + 0.4 * ice + noise + (0.3 + rng.exponential(1.0, (50, 1))) * np.array([1.0, 5.0])
    tracers = ("d18O", "d2H")
    sources = Sources(("rain", "ground ice"), tracers, np.array([[rain, ice]]), np.tile(single, (1, 2, 1, 1)),
                      np.full((1, 2), 30))  # fmt: skip
    found = fit(MixingModel(Mixtures(tracers, values), sources, evaporation=Evaporation(5.2, 0.3)),
                replace(QUICK, metric="dense", accept=0.99))  # fmt: skip
    assert found.trusted
    return found


def material_of(fit, lang="en", **own):
    text = Text(lang)
    return Material(fit, source_names(fit.model, text), source_looks(fit.model.sources.names), **own)


def page(fit, lang="en", said=None, **own):
    """The page without figures."""
    said = said or Said(command="headwater mix")
    return render(page_of_fit(material_of(fit, lang, **own), {}, {}, said, Text(lang)), Text(lang))


def test_the_answer_is_that_of_the_draws(good):
    """Numbers taken from the positions by hand: shares at zero effect, their mean and central 95 %."""
    text = Read(page(good)).text
    shares = good.problem.shares.overall(good.positions[:, : good.problem.shares.dimension])
    for k, name in enumerate(good.model.sources.names):
        mean, low, high = 100 * shares[:, k].mean(), *(100 * np.quantile(shares[:, k], [0.025, 0.975]))
        share, interval = f"{mean:.0f} %", f"{low:.0f}–{high:.0f} %"
        assert f"{name} made up {share} of the mixture (95 % interval {interval})." in text
        assert low / 100 < TRUE[k] < high / 100
    assert text.index("Deer made up") < text.index("Salmon made up") < text.index("Seal made up")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ["good", "bad", "evaporated"])
def test_page_is_whole_and_asks_for_nothing_else(request, kind, lang):
    written = page(request.getfixturevalue(kind), lang)
    read = Read(written)
    assert read.open == [] and len(read.ids) == len(set(read.ids))
    assert all(link[1:] in read.ids if link.startswith("#") else link in ("proportions.csv", "parameters.csv")
               for link in read.links)  # fmt: skip
    assert not re.search(r"https?:|@import|<script|<link|<iframe|url\((?!#|data:font)", written)
    assert not re.search(r"\bnan\b|None|\{|\}|\ufffd", read.text)
    assert not re.search(r"(?<![\w-])-\d", re.sub(r"headwater mix\S*", "", read.text)), "hyphen for minus"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_share_is_shown_where_draws_cannot_be_trusted(bad, lang):
    read, text = Read(page(bad, lang)), Text(lang)
    assert "proportions.csv" not in read.links
    assert not {"table-overall", "table-levels-1", "shares", "prior", "parameters"} & set(read.ids)
    assert text("mix.say.refused") in read.text
    assert text.sentences["mix.remedy.more_chains"] in read.text
    assert not re.search(r"Deer made up|Deer占", read.text)


def test_every_reason_is_said_with_its_number_and_remedy(bad):
    quantities = bad.diagnosis.quantities
    values = np.random.default_rng(0).normal(size=(2, 300, len(quantities)))
    values[0, :, 0] += 3.0
    values[0, 0, 1] = np.nan
    values[..., 2] = 7.0
    energy, depth = np.random.default_rng(1).normal(size=(2, 300)), np.ones((2, 300), int)
    diverged = np.arange(600).reshape(2, 300) < 7
    chains = replace(bad.chains, energy=energy, depth=depth, diverged=diverged)
    planted = replace(bad, diagnosis=diagnose(values, quantities, chains, deepest=10))
    expected = {Reason.RHAT, Reason.NOT_FINITE, Reason.STUCK, Reason.DIVERGENT, Reason.ESS_BULK}
    assert expected <= planted.diagnosis.reasons
    text = Read(page(planted)).text
    for said in (
        "hains do not agree",
        "are not finite",
        "never move",
        "7 draws diverged (1.17 %; 0.1 %",
    ):
        assert said in text, said
    assert text.count("What helps:") == len(planted.diagnosis.troubles)


def test_interrupted_is_said(good):
    cut = replace(good, chains=replace(good.chains, interrupted=True))
    assert "sampling was interrupted" in Read(page(cut)).text


def test_a_fit_that_never_began_has_a_page():
    from headwater.mixing.bayes.fit import fit

    read = Read(page(fit(model_of(), QUICK, stop=lambda: True)))
    assert "sampling was interrupted" in read.text and not re.search(r"\bnan\b|table-overall", read.text)


def test_an_absent_source_has_a_dash_instead_of_a_share(good):
    from headwater.mixing.bayes.problem import make_problem

    model = replace(good.model, absent=(Absent("Seal", "Pack", ("2",)),))
    problem = make_problem(model)
    hidden = replace(good, problem=problem, draws=problem.quantities(good.positions))
    text = Read(page(hidden)).text
    assert re.search(r"Pack 2 9 \d+ ± \d+ % \d+–\d+ % \d+ ± \d+ % \d+–\d+ % –", text)
    assert "the source is declared absent there" in text and "absent there" not in Read(page(good)).text


def test_names_from_tables_cannot_become_markup(good):
    names = (HOSTILE, "b", "c")
    model = replace(good.model, sources=replace(good.model.sources, names=names))
    hostile = replace(good, problem=replace(good.problem, model=model))
    said = Said(HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, (HOSTILE,))
    read = Read(page(hostile, said=said))
    assert "script" not in read.tags and read.open == [] and HOSTILE in " ".join(read.words)


def test_mostly_prior_is_said_with_the_answer(good):
    """A share whose posterior is its prior is called so; here the draws are made to be the prior's."""
    shares = good.problem.shares
    rows = shares.draw_prior(len(good.positions), np.random.default_rng(0))
    positions = good.chains.positions.copy()
    positions.reshape(len(rows), -1)[:, : shares.dimension] = rows
    chains = replace(good.chains, positions=positions)
    flat = positions.reshape(len(rows), -1)
    vague = replace(good, chains=chains, draws=good.problem.quantities(flat))
    text = Read(page(vague)).text
    assert text.count("an answer that is mostly prior") == 3 and "quote them only with their prior" in text
    assert "mostly prior" not in Read(page(good)).text


def test_evaporation_and_its_other_form_are_shown(evaporated):
    from headwater.mixing.bayes.summary import share_rows

    rows = share_rows(evaporated)
    far = [
        row | {"mean": row["mean"] + 3 * row["sd"] * sign} for row, sign in zip(rows, (1, -1), strict=True)
    ]
    moved = Read(page(evaporated, other_form=OtherForm("truncated_normal", far)))
    kept = Read(page(evaporated, other_form=OtherForm("truncated_normal", rows)))
    unknown = Read(page(evaporated, other_form=OtherForm("truncated_normal", [])))
    assert {"table-across", "table-other-form"} <= set(moved.ids)
    assert "the shares rest on the assumed form" in moved.text and "(3.0 sd)" in moved.text
    assert "shares move by at most 0.0 percentage points" in kept.text
    assert "it is not known how far the shares rest" in unknown.text


def test_enrichment_is_about_what_it_was(evaporated):
    """Mean enrichment 1.3 ‰ of the simulated waters, 0.3 + an exponential of mean 1."""
    enrichment = material_of(evaporated).enrichment
    assert enrichment is not None and enrichment.mean() == pytest.approx(1.3, abs=0.4)


@pytest.mark.parametrize("lang", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_report_is_written_with_its_figures(good, tmp_path, lang):
    (tmp_path / "proportions.csv").write_text("kept")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "of_before.png").write_text("gone")
    steps = []
    before = time.process_time()
    place = write_mix_report(good, tmp_path, lang=lang, title="Wolves & deer", command="headwater mix -o x",
                             files={"wolves.csv": "ab" * 32}, notes=("column 'Conc' is ignored",),
                             progress=lambda *step: steps.append(step))  # fmt: skip
    spent = time.process_time() - before
    read = Read(place.read_text(encoding="utf-8"))
    figures = {path.stem for path in (tmp_path / "figures").iterdir()}
    wanted = {"levels-1", "covariate-1", "space", "prior", "tradeoff", "predictive", "chains"}
    assert figures == wanted and {f"figure-{name}" for name in wanted} <= set(read.ids)
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg", ".png"}
    assert all((tmp_path / link).is_file() for link in read.links if link.endswith(".png"))
    assert "Wolves & deer" in read.text and "ab" * 32 in read.text and "Column 'Conc' is ignored" in read.text
    assert (tmp_path / "proportions.csv").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures", "proportions.csv", "report.html"]
    assert [done for _, done, _ in steps] == list(range(8)) and {total for *_, total in steps} == {8}
    assert len(read.ids) == len(set(read.ids)) and place.stat().st_size < 4_000_000
    assert spent < 12, "the budget is 6 s of processor time, on a machine that others use too"


def test_groups_have_a_row_each_and_a_refused_one_says_why(good, bad, tmp_path):
    place = write_mix_report({"10": good, "9": bad}, tmp_path, group="Period", lang="en")
    read = Read(place.read_text(encoding="utf-8"))
    assert read.text.index("Period 9") < read.text.index("Period 10")
    assert "refused" in read.text and "only 1 chain" in read.text
    assert "1 of 2 groups of Period gave draws that can be trusted" in read.text
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {"groups"}
    place = write_mix_report({"9": bad}, tmp_path, group="Period")
    assert (
        not list((tmp_path / "figures").iterdir()) and "0 of 1 groups" in Read(place.read_text("utf-8")).text
    )


def test_a_folder_that_cannot_be_written_is_refused(bad, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputRefused, match="Choose another folder"):
        write_mix_report(bad, tmp_path / "file" / "out")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_has_its_words(lang):
    wanted = [
        *(f"mix.trouble.{code}" for code in Reason),
        *(f"mix.remedy.{code}" for code in Remedy),
        *(f"mix.caution_of.{code}" for code in Caution),
        *(f"mix.finding.{code}" for code in Code),
        *(f"mix.statistic.{code}" for code in get_args(Statistic)),
        *(f"mix.style.{code}" for code in get_args(Style)),
        *(f"mix.error.{code.replace('*', '_')}" for code in get_args(Error)),
        *(f"mix.form.{code}" for code in get_args(Form)),
        *(f"mix.notice.{flag}" for flag in get_args(Flag) if flag != "forms_disagree"),
        *(f"mix.section.{part}" for part in CONTENTS),
        *(f"mix.kind.{kind}" for kind in ("fixed", "random")),
        *(f"mix.metric.{metric}" for metric in ("diagonal", "dense")),
        *(f"mix.step.{kind}" for kind in ("extended", "rerun")),
    ]
    assert [key for key in wanted if key not in catalogue(lang)] == []


def test_sentences_of_a_refusal_fill_their_blanks():
    given = {"count", "worst", "value", "limit"}
    assert all(
        blanks(said) <= given for key, said in catalogue("en").items() if key.startswith("mix.trouble.")
    )


def test_findings_fill_the_blanks_of_their_sentences():
    """The values of every ``Finding`` in ``check.py`` hold what its sentence asks for."""
    source = Path(__file__).resolve().parents[2] / "src/headwater/mixing/bayes/check.py"
    tree = ast.parse(source.read_text("utf-8"))
    names = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for code in Code:
        assert blanks(catalogue("en")[f"mix.finding.{code}"]) <= names


def test_chinese_is_not_left_in_english():
    known = {"headwater"}
    for key, said in catalogue("zh").items():
        if key.startswith("mix.") and not HAN.search(said):
            words = set(re.findall("[a-z]{4,}", re.sub(r"\{\w+\}", "", said).lower()))
            assert words <= known, key
    assert not any(HAN.search(said) for key, said in catalogue("en").items() if key.startswith("mix."))


def test_every_sentence_of_the_catalogue_can_be_said():
    """A sentence that nothing says is dead text."""
    folder = Path(__file__).resolve().parents[2] / "src" / "headwater" / "report"
    code = "".join(path.read_text("utf-8") for path in [*(folder / "mix").glob("*.py"), folder / "page.py"])
    made = ("trouble", "remedy", "caution_of", "finding", "statistic", "style", "error", "form", "section",
            "kind", "metric", "step", "parameter", "notice.rests_on", "notice.nearly", "method.mixsiar",
            "notice.sources_pulled", "method.simmr", "levels.method_", "prior_of.")  # fmt: skip
    for key in catalogue("en"):
        if key.startswith("mix.") and not key.startswith(tuple(f"mix.{name}" for name in made)):
            stem = re.sub(r"\.(one|other)$", "", key)
            assert f'"{key}"' in code or f'"{stem}"' in code, key
