"""The sparse engine's machine code: compiled once per machine, before anything is timed or many processes need it."""

from time import perf_counter


def kernels_are_compiled() -> bool:
    """Return whether the kernels of these sources lie compiled on the disk (or are loaded)."""
    from tombola.training.sparse.kernels import sources_digest
    from tombola.training.sparse.run import run

    dispatcher = run
    if getattr(dispatcher, "signatures", ()):
        return True
    try:
        index = dispatcher._cache._cache_file._load_index()  # type: ignore[attr-defined]
    except (AttributeError, OSError):
        return False
    return any(key[-1] == sources_digest() for key in index)


def compile_kernels() -> float:
    """Compile the kernels, or read them from the disk; return the seconds it took."""
    from tombola.training.cost.programs import warm

    began = perf_counter()
    warm()
    return perf_counter() - began
