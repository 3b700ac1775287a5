"""The published calibration has the models and bugs of the tests, and shows what the page says."""

from docs.calibration import results
from tests.mixing.bayes.calibrated_models import MODELS
from tests.mixing.bayes.planted_bugs import BUGS

ALARM = 1e-4


def test_published_calibration_has_every_model_and_no_alarm():
    models = results()["models"]
    assert list(models) == list(MODELS), "run again: ./run bench --save calibration"
    assert {name: row["chance"] for name, row in models.items() if row["chance"] < ALARM} == {}


def test_published_calibration_finds_every_planted_bug():
    bugs = results()["bugs"]
    assert list(bugs) == list(BUGS), "run again: ./run bench --save calibration"
    assert {name: row["chance"] for name, row in bugs.items() if row["chance"] >= ALARM} == {}
