"""The options of ``headwater mix``: what their texts mean, and what is said of those that mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.cli import Exit, main
from headwater.cli import mix_options as options
from headwater.errors import SettingsRefused
from headwater.mixing.bayes.model import Absent, Elicited, Evaporation, Factor

NAMES = ("Rain", "Ground ice", "Snow")


def test_factors_may_be_nested_and_have_colons_in_their_names():
    assert options.factors(["Region:random", "Pack:random:Region", "Secchi:Mixed:fixed"]) == (
        Factor("Region", "random"),
        Factor("Pack", "random", "Region"),
        Factor("Secchi:Mixed", "fixed"),
    )


def test_priors_are_weights_in_order_or_by_name_or_elicited():
    assert options.prior(None, NAMES) is None
    assert options.prior("1, 2,0.5", NAMES) == (1.0, 2.0, 0.5)
    assert options.prior("snow=3,Rain=1,ground.ice=2", NAMES) == (1.0, 2.0, 3.0)
    assert options.prior("0±1,0.5+-2,-1±1", NAMES) == Elicited((0.0, 0.5, -1.0), (1.0, 2.0, 1.0))


def test_bounds_are_shares():
    assert options.bounds(["Rain=0..0.4", "snow=.1..", "Ground ice=..0.5"], NAMES) == {
        "Rain": (0.0, 0.4),
        "Snow": (0.1, 1.0),
        "Ground ice": (0.0, 0.5),
    }


def test_absences_are_spelled_as_in_the_tables():
    found = options.absences(["snow@Month=july, August"])
    labels = {"Month": ("June", "July", "August", "July")}
    assert options.known_absences(found, NAMES, labels) == (Absent("Snow", "Month", ("July", "August")),)


@pytest.mark.parametrize("text", ["slope=5.2±0.3", "slope=5.2+-0.3", "slope = 5.2 +/- 0.3"])
def test_evaporation_is_a_slope_with_its_error(text):
    assert options.evaporation(text) == Evaporation(5.2, 0.3)


def test_evaporation_may_have_more_settings():
    found = options.evaporation(
        "slope=4±0.5,form=truncated_normal,mean-scale=2,effects=Band+Month,slope_by_level=yes"
    )
    assert found == Evaporation(
        4.0, 0.5, form="truncated_normal", mean_scale=2.0, effects=("Band", "Month"), slope_by_level=True
    )


def test_interactions_join_what_the_model_has():
    assert options.interactions(["Region:length"], ["Region", "Length"]) == (("Region", "Length"),)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: options.factors(["Region"]), ["--factor 'Region'", "NAME:fixed or NAME:random"]),
        (lambda: options.factors(["Region:mixed"]), ["'Region:mixed'"]),
        (lambda: options.factors(["A:fixed", "A:random"]), ["given twice"]),
        (
            lambda: options.factors(["Pack:random:Region"]),
            ["nested in 'Region'", "Add --factor Region:random"],
        ),
        (lambda: options.prior("1,1", NAMES), ["2 weights", "3 sources", "'Rain', 'Ground ice', 'Snow'"]),
        (lambda: options.prior("1,0,1", NAMES), ["above 0", "--absent"]),
        (lambda: options.prior("1,nan,1", NAMES), ["'nan' is no number"]),
        (lambda: options.prior("1,x,1", NAMES), ["'x' is no number"]),
        (lambda: options.prior("Rain=1,Snow=1", NAMES), ["'Ground ice' has none"]),
        (lambda: options.prior("Rain=1,Snow=1,Hail=1", NAMES), ["no source 'Hail'"]),
        (lambda: options.prior("0±1,0,0±1", NAMES), ["'0' has no error"]),
        (lambda: options.bounds(["Rain=0.4"], NAMES), ["NAME=lo..hi"]),
        (lambda: options.bounds(["Rain=0.4..0.2"], NAMES), ["lo < hi"]),
        (lambda: options.bounds(["Rain=0..40"], NAMES), ["parts of 1"]),
        (lambda: options.bounds(["Rian=0..0.4"], NAMES), ["Is 'Rain' meant?"]),
        (lambda: options.bounds(["Rain=0..0.4", "rain=0..0.3"], NAMES), ["given twice"]),
        (lambda: options.absences(["Snow=July"]), ["SOURCE@FACTOR=LEVEL"]),
        (lambda: options.absences(["Snow@Month=July,"]), ["SOURCE@FACTOR=LEVEL"]),
        (
            lambda: options.known_absences(
                (Absent("Snow", "Month", ("Juli",)),), NAMES, {"Month": ("July",)}
            ),
            ["no level 'Juli'", "Is 'July' meant?"],
        ),
        (lambda: options.evaporation("5.2±0.3"), ["slope=MEAN±SD"]),
        (lambda: options.evaporation("slope=5.2"), ["'5.2' has no error", "5.2±0.3"]),
        (lambda: options.evaporation("slope=5.2±-1"), ["negative"]),
        (lambda: options.evaporation("slope=5±1,from=spike"), ["'from' is not known", "Is 'form' meant?"]),
        (lambda: options.evaporation("slope=5±1,form=gamma"), ["'gamma' is not known", "'exponential'"]),
        (lambda: options.interactions(["Region"], ["Region"]), ["two names with a colon"]),
        (lambda: options.interactions(["Region:Mass"], ["Region"]), ["'Region'"]),
        (lambda: options.error_of("process", "simmr", None), ["additive only"]),
        (lambda: options.error_of("additive", "mixsiar", None), ["--model simmr"]),
        (lambda: options.error_of(None, "mixsiar", Evaporation(5, 1)), ["not part of the model of mixsiar"]),
        (lambda: options.error_of("process", "headwater", Evaporation(5, 1)), ["Leave out --error"]),
    ],
)
def test_what_cannot_be_meant_is_refused(call, words):
    with pytest.raises(SettingsRefused) as refused:
        call()
    assert [word for word in words if word not in str(refused.value)] == [], str(refused.value)


def test_the_error_follows_the_model():
    assert options.error_of(None, "headwater", None) == "process*residual"
    assert options.error_of(None, "mixsiar", None) == "process*residual"
    assert options.error_of(None, "simmr", None) == "additive"
    assert options.error_of("residual", "mixsiar", None) == "residual"


MIX = ["mix", "--mixtures", "m.csv", "--sources", "s.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["mix"], Exit.USAGE, "--mixtures"),
        ([*MIX, "--error", "magic"], Exit.USAGE, "additive"),
        ([*MIX, "--factor", "Region"], Exit.USAGE, "NAME:fixed"),
        ([*MIX, "--model", "simmr", "--factor", "Region:fixed"], Exit.USAGE, "--group"),
        ([*MIX, "--group", "Region", "--factor", "Region:fixed"], Exit.USAGE, "Drop one"),
        ([*MIX, "--discrimination-sds", "d.csv"], Exit.USAGE, "--discrimination"),
        ([*MIX, "--chains", "0"], Exit.USAGE, "--chains 0"),
        ([*MIX, "--draws", "-3"], Exit.USAGE, "--draws -3"),
        (MIX, Exit.REFUSED, "m.csv: there is no such file"),
    ],
)
def test_wrong_calls_have_their_exit_code(arguments, code, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    shown = capsys.readouterr()
    assert words in shown.err + shown.out
    assert not list(Path(tmp_path).iterdir())
