"""The steps of a search: forward with masked weights, backward to the mask, and a step of the scores."""

import math

import torch
import torch.nn.functional as F

from tombola.data.batches import Batches, Prepare
from tombola.errors import TombolaError
from tombola.search.arena import Arena
from tombola.search.forward import Forward
from tombola.search.method import Method
from tombola.search.task import SearchTask
from tombola.specs import ScheduleSpec
from tombola.streams import stream_seed
from tombola.training.evaluate import Evaluation, Evaluator
from tombola.training.optimisers import optimisers
from tombola.training.placement import at_least_float32, compute_dtype, computing, has_convolutions
from tombola.training.schedule import learning_rate


class Stepper:
    """A search in progress: its network is on its device, in its layout.

    Attributes
    ----------
    done
        Steps so far.
    losses, hits
        Sum of the losses, and number of training images classified correctly, since `forget`.

    Parameters
    ----------
    task, arena, method, device
        What to search, on what, by which rule, where.
    """

    def __init__(self, task: SearchTask, arena: Arena, method: Method, device: torch.device) -> None:
        self.task, self.arena, self.method, self.device = task, arena, method, device
        module, train, search, data = task.module, task.train, task.search, task.data
        convolutions, self._bf16 = has_convolutions(module), train.precision == "bf16"
        prepare = Prepare(data.normalisation, device, compute_dtype(module), channels_last=convolutions)
        batches = Batches(
            data, train.batch_size, seed=task.seed, replicate=task.replicate, prepare=prepare, device=device
        )
        self._batches = batches.from_step(0)
        self._validation, self._test = (
            Evaluator(data, part, prepare, device, bf16=self._bf16, convolutions=convolutions)
            for part in (data.validation, data.test)
        )
        recipe = train.model_copy(
            update={
                "optimiser": search.optimiser,
                "lr": search.lr,
                "momentum": search.momentum,
                "nesterov": False,
                "weight_decay": search.weight_decay,
                "length": f"{task.steps}st",
                "schedule": ScheduleSpec(kind=search.schedule),
            }
        )
        self.rate = learning_rate(recipe, task.per_epoch)
        self._optimiser = optimisers[search.optimiser]([arena.scores], recipe)
        self._forward = Forward(module, arena.leaves)
        own = torch.cuda.default_generators[device.index] if device.type == "cuda" else torch.default_generator
        self._noise = own
        self._noise_seed = stream_seed(task.seed, "search", task.replicate, task.level, "dropout") >> 1
        self.done = 0
        self.forget()
        module.train()

    def forget(self) -> None:
        """Begin a new sum of losses and hits."""
        self._since = self.done
        self.losses = torch.zeros((), dtype=torch.float64, device=self.device)
        self.hits = torch.zeros((), dtype=torch.int64, device=self.device)

    def advance(self, last: int) -> None:
        """Take steps up to `last`."""
        method, arena, optimiser = self.method, self.arena, self._optimiser
        for step in range(self.done, last):
            images, labels = next(self._batches)
            self._noise.manual_seed(self._noise_seed + step)
            method.choose(step)
            scale = self.lay()
            with computing(self.device, self._bf16):
                outputs = self._forward(images)
            loss = F.cross_entropy(at_least_float32(outputs), labels)
            arena.scores.grad = method.slope(arena.slope(loss, scale))
            for group in optimiser.param_groups:
                group["lr"], group["weight_decay"] = self.rate(step), method.weight_decay()
            optimiser.step()
            method.settle()
            with torch.no_grad():
                self.losses += loss.detach()
                self.hits += (outputs.argmax(1) == labels).sum()
        self.done = last

    def lay(self) -> torch.Tensor | None:
        """Let the network compute with the arena's mask; return the scale that goes with it."""
        with torch.no_grad():
            scale = self.method.scale()
            self.arena.lay(scale)
        return scale

    def training(self) -> Evaluation:
        """Return mean loss and accuracy on the training batches since `forget`; NaN where there were none.

        Raises
        ------
        TombolaError
            If the loss is infinite or NaN.
        """
        steps = self.done - self._since
        if not steps:
            return Evaluation(math.nan, math.nan)
        loss = float(self.losses) / steps
        if not math.isfinite(loss):
            raise TombolaError(
                f"the loss of the search became {loss} between step {self._since} and step {self.done}; lower search.lr"
            )
        return Evaluation(loss, int(self.hits) / (steps * self.task.train.batch_size))

    def validate(self) -> float:
        """Return the accuracy on the validation images with the arena's mask; NaN where there are none."""
        return self._accuracy(self._validation)

    def test(self) -> float:
        """Return the accuracy on the test images with the arena's mask; NaN where there are none."""
        return self._accuracy(self._test)

    def _accuracy(self, evaluator: Evaluator) -> float:
        if not len(evaluator):
            return math.nan
        self.lay()
        return evaluator(self._forward).accuracy
