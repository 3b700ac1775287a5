"""How often chance passes for a correlation: unrelated red noise, by rule, length and gaps."""

from __future__ import annotations

from headwater.drivers import CorrelationRule
from tests.drivers.test_correlate_null import RED, share

SEED = 2
SERIES = 8000
RULES = {
    "n itself": CorrelationRule(n_eff=False),
    "lag 1": CorrelationRule(),
    "all lags": CorrelationRule(n_eff="full"),
    "Spearman, lag 1": CorrelationRule("spearman"),
    "trend taken out": CorrelationRule(detrend=True),
}
WORLDS: dict[str, dict[str, float]] = {
    "460 steps": {}, "120 steps": {"steps": 120}, "30 steps": {"steps": 30},
    "460 steps, 10 % missing": {"gaps": 0.1}, "460 steps, 30 % missing": {"gaps": 0.3},
}  # fmt: skip


def main(series: int = SERIES) -> dict[str, float]:
    """Prints and returns the share of unrelated pairs with p < 0.05."""
    values = {
        f"{rule}, {world}": share(RULES[rule], series=series, seed=SEED, **options)  # type: ignore[arg-type]
        for rule in RULES
        for world, options in WORLDS.items()
    }
    error = (0.05 * 0.95 / series) ** 0.5
    print(f"share of pairs with p < 0.05 (red noise {RED}, {series} pairs each, ± {error:.1%} at 5 %)")
    for rule in RULES:
        print(f"{rule:16}", *(f"{values[f'{rule}, {world}']:7.1%}" for world in WORLDS))
    return values


if __name__ == "__main__":
    main()
