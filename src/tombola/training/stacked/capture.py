"""CUDA graphs: a step that is recorded once and then replayed, so that the CPU launches one thing, not hundreds."""

from collections.abc import Callable

import torch

Action = Callable[[], None]

WARM_UP = 3
"""Runs before capture: libraries choose and allocate what they need, optimisers make their state."""


def captured(action: Action, device: torch.device, undo: Action | None = None) -> Action:
    """Return what replays an action. Unmeasured: written without a GPU at hand.

    The action must read and write the same tensors every time, never wait for the device, and never depend on Python
    values that change. It is run three times before it is captured, on a stream of its own.

    Parameters
    ----------
    action
        What is captured; it is not carried out by the capture itself.
    device
        Where all its tensors are. On a CPU there is nothing to capture: the action itself is returned, after the same
        runs and the same undoing, so that all but the graph is tested there.
    undo
        Takes back what the runs before capture changed.
    """
    if device.type != "cuda":
        for _ in range(WARM_UP):
            action()
        if undo is not None:
            undo()
        return action
    with torch.cuda.device(device):
        side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                action()
        torch.cuda.current_stream(device).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # "thread_local": other threads of this process may use the device meanwhile
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            action()
        if undo is not None:
            undo()
    return graph.replay
