"""The learner that a network gets: sparse kernels throughout, or PyTorch for its first convolutions."""

from collections.abc import Sequence

from tombola.data.dataset import Dataset
from tombola.specs import TrainSpec
from tombola.training.course import Course
from tombola.training.engine import Task
from tombola.training.learner import Learner
from tombola.training.sparse.layers import Layer
from tombola.training.sparse.learner import SparseLearner
from tombola.training.sparse.split import dense_end
from tombola.training.sparse.split_learner import SplitLearner


def dense_part(task: Task, data: Dataset, train: TrainSpec, layers: Sequence[Layer]) -> int:
    """Return how many layers are computed densely; none where the mask moves."""
    return 0 if task.moves is not None else dense_end(layers, task.mask, data.input_shape, train.batch_size)


def make_learner(task: Task, course: Course, data: Dataset, train: TrainSpec, layers: Sequence[Layer]) -> Learner:
    """Return what trains a network, chosen by its shapes and densities alone.

    A network that is computed densely in part should be in channels-last layout (`dense_part` says which are).

    Raises
    ------
    Unsupported
        If a part of the network has no kernel.
    """
    end = dense_part(task, data, train, layers)
    if end:
        return SplitLearner(task, course, data, train, layers, end)
    return SparseLearner(task, course, data, train, layers)
