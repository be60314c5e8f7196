"""What a study's results cost where a row was run often, as by a sweep."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis.test_study_results import TEXT, add_run, measure
from cost import cpu_seconds
from own_studies import own_study

from cnnlab.analysis import study_results
from cnnlab.config.run import RunConfig
from cnnlab.history.queries import Reader
from cnnlab.home import Home

ONE_ROW = TEXT.rpartition("[[rows]]")[0]


def with_rate(config: RunConfig, rate: float) -> RunConfig:
    return config.model_copy(update={"optimizer": config.optimizer.model_copy(update={"lr": rate})})


@pytest.mark.parametrize("is_sweep", [False, True], ids=["one config", "a config each"])
def test_many_runs_of_a_row_cost_no_more_than_their_number(
    home: Home, monkeypatch: pytest.MonkeyPatch, is_sweep: bool
) -> None:
    study = own_study(home, ONE_ROW, "mine/rates")
    add_run(home, study, "slow", 0.8)
    with Reader(home) as reader:
        ((run, config),) = study_results.finished_runs(reader, study.rows[0])

    def cost(count: int) -> float:
        runs = [
            (replace(run, id=f"{number:08}"), with_rate(config, number) if is_sweep else config)
            for number in range(1, count + 1)
        ]
        # Reading them from the history would hide what is done with them.
        monkeypatch.setattr(study_results, "finished_runs", lambda *_: runs)
        row = measure(home, study).rows[0]
        assert len(row.runs) + len(row.hidden) == (count if is_sweep else 1)
        return cpu_seconds(lambda: measure(home, study))

    # Eight times as many take about eight times as much; what is quadratic takes 64 times.
    assert cost(4000) < 26 * cost(500)
