from tombola.experiments.engines import EngineChoice
from tombola.experiments.graph import job_graph
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId

SPEC = resolve("lenet-digits", changes={"prune": {"levels": 2}, "controls": ["reinit:2"]})
DENSE = EngineChoice(levels=dict.fromkeys(range(9), "dense"))


def graph(spec: ExperimentSpec = SPEC, engines: EngineChoice = DENSE, **sources: str) -> dict[JobId, str]:
    return {job.id: job.key for job in job_graph(spec, engines, sources).values()}


def test_every_job_comes_after_what_it_needs() -> None:
    jobs = job_graph(SPEC, DENSE, {})
    assert len(jobs) == 2 * (3 + 2 * 2)
    seen: set[JobId] = set()
    for job in jobs.values():
        assert set(job.needs) <= seen
        seen.add(job.id)
    assert jobs[JobId(1, 2)].needs == (JobId(1, 1), JobId(1, 0))
    assert jobs[JobId(1, 2, "reinit", 1)].needs == (JobId(1, 2), JobId(1, 0))


def test_keys_are_unique_and_chained() -> None:
    keys = graph()
    assert len(set(keys.values())) == len(keys)
    changed = graph(SPEC.with_(prune={"linear_rate": 0.5}))
    for job, key in keys.items():
        assert (changed[job] == key) == (job.level == 0)


def test_a_level_keeps_its_key_when_the_run_grows() -> None:
    grown = graph(SPEC.with_(replicates=4, prune={"levels": 5}, controls=["reinit:3"]))
    assert graph().items() <= grown.items()


def test_engines_and_sources_count() -> None:
    keys = graph()
    sparse = graph(engines=EngineChoice(levels={0: "dense", 1: "dense", 2: "sparse"}))
    assert {job.level for job in keys if keys[job] != sparse[job]} == {2}
    assert not set(keys.values()) & set(graph(engines=EngineChoice(threads=2, levels=DENSE.levels)).values())
    assert not set(keys.values()) & set(graph(engines=EngineChoice(device="cuda:0", levels=DENSE.levels)).values())
    assert graph(engines=EngineChoice(device="cuda:0", levels=DENSE.levels)) == graph(
        engines=EngineChoice(device="cuda:1", levels=DENSE.levels)
    )
    assert not set(keys.values()) & set(graph(data="abc").values())


def test_rewinding_to_step_k_counts_for_the_dense_level() -> None:
    rewound = graph(SPEC.with_(prune={"rewind": "step:5"}))
    assert not set(graph().values()) & set(rewound.values())
