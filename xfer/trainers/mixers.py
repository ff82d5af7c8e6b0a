"""Which task a step trains. Pure functions of (step, seed, sizes, progress); standard library only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SerializeAsAny, model_validator
from pydantic_core import PydanticCustomError

from xfer.core.errors import suggest_name
from xfer.trainers.base import Misfit, Mixer

Share = Annotated[float, Field(ge=0)]


@Mixer.register("proportional")
class Proportional(Mixer):
    """Tasks in proportion to their rows (Raffel et al. 2020, section 3.5.2, without a limit: that is ``capped``)."""

    def task_shares(self, sizes: Mapping[str, int], progress: float = 0.0) -> dict[str, float]:
        return _normalised_shares(sizes)


@Mixer.register("capped")
class Capped(Mixer):
    """Tasks in proportion to their rows, each counted up to ``cap`` (Raffel et al. 2020, section 3.5.2).

    An epoch of a stage counts them up to it as well, as jiant does: with a cap of 50,000 and tasks of 10,000 and
    400,000 rows an epoch is 60,000 rows, five in six from the large task.
    """

    cap: int = Field(ge=1, description="rows of a task count up to this (T5 and jiant's K)")

    def counted_rows(self, size: int) -> int:
        return min(size, self.cap)

    def task_shares(self, sizes: Mapping[str, int], progress: float = 0.0) -> dict[str, float]:
        return _normalised_shares(_capped_sizes(self.cap, sizes))


@Mixer.register("temperature")
class Temperature(Mixer):
    """Tasks in proportion to rows ** (1 / temperature), rows counted up to ``cap`` (Raffel et al. 2020, section 3.5.2).

    1 is ``proportional``, larger ones come nearer to ``uniform``. The exponent of Devlin et al. 2019 (multilingual
    BERT) and Conneau et al. 2020 (XLM-R) is its inverse: their 0.3 is a temperature of 1 / 0.3.
    """

    temperature: float = Field(2.0, gt=0, description="1 is proportional; the inverse of XLM-R's exponent")
    cap: int | None = Field(None, ge=1, description="rows of a task count up to this; no limit if left out")

    def task_shares(self, sizes: Mapping[str, int], progress: float = 0.0) -> dict[str, float]:
        counted = _capped_sizes(self.cap, sizes)
        largest = max(counted.values())  # relative to the largest, no power overflows
        if self.temperature == 1:
            return _normalised_shares(counted)
        return _normalised_shares({name: (size / largest) ** (1 / self.temperature) for name, size in counted.items()})


@Mixer.register("uniform")
class Uniform(Mixer):
    """Every task as often as any other."""

    def task_shares(self, sizes: Mapping[str, int], progress: float = 0.0) -> dict[str, float]:
        return _normalised_shares(dict.fromkeys(sizes, 1))


@Mixer.register("explicit")
class Explicit(Mixer):
    """Shares as the recipe gives them, such as ``{mnli: 3, mlm: 1}``; they need not add up to 1."""

    given: dict[str, Share] = Field(min_length=1, description="the share of each task of the stage, by its name")
    epoch_of: str | None = Field(
        None,
        description="the task that an epoch passes over once, with the others on top of it, so that they take nothing "
        "from its dose; an epoch counts the rows of all tasks if left out",
    )

    @model_validator(mode="after")
    def _check_shares(self) -> Explicit:
        if not sum(self.given.values()):
            raise PydanticCustomError("no_share", "gives every task a share of 0", {"hint": "raise one of them"})
        if self.epoch_of is not None and not self.given.get(self.epoch_of):
            context = {"task": self.epoch_of, "hint": "name a task that has a share"}
            raise PydanticCustomError("epoch_of", "counts an epoch by task '{task}', which has no share", context)
        return self

    def epoch_steps(self, batches: Mapping[str, float]) -> float:
        if self.epoch_of is None:
            return super().epoch_steps(batches)
        return batches[self.epoch_of] * sum(self.given.values()) / self.given[self.epoch_of]

    def task_shares(self, sizes: Mapping[str, int], progress: float = 0.0) -> dict[str, float]:
        return _normalised_shares({name: self.given.get(name, 0.0) for name in sizes})

    def find_faults(self, tasks: Collection[str]) -> Iterator[Misfit]:
        for name in self.given:
            if name not in tasks:
                yield ("given", name), f"the stage has no task '{name}'", suggest_name(name, tasks)
        for name in tasks:
            if name not in self.given:
                yield ("given",), f"gives task '{name}' no share", f"add {name}: 1, or 0 to leave it out"


@Mixer.register("curriculum")
class Curriculum(Mixer):
    """Shares that move over the run from those of one mixer to those of another (jiant's time-dependent sampling)."""

    first: SerializeAsAny[Mixer] = Field(description="the mixer at the beginning")
    last: SerializeAsAny[Mixer] = Field(description="the mixer at the end")
    shape: Literal["linear", "step"] = Field("linear", description="little by little, or at once")
    until: float = Field(1.0, gt=0, le=1, description="share of the run's steps at which ``last`` is reached")

    def counted_rows(self, size: int) -> int:
        return max(self.first.counted_rows(size), self.last.counted_rows(size))

    def task_shares(self, sizes: Mapping[str, int], progress: float = 0.0) -> dict[str, float]:
        done = min(1.0, progress / self.until) if self.shape == "linear" else float(progress >= self.until)
        first_shares, last_shares = self.first.task_shares(sizes, progress), self.last.task_shares(sizes, progress)
        return {name: (1 - done) * first_shares[name] + done * last_shares[name] for name in first_shares}

    def find_faults(self, tasks: Collection[str]) -> Iterator[Misfit]:
        for field, mixer in (("first", self.first), ("last", self.last)):
            if mixer.together:
                yield (field,), "trains all tasks at once, and a curriculum draws one", "use uniform"
            for path, what, hint in mixer.find_faults(tasks):
                yield (field, *path), what, hint


@Mixer.register("joint")
class Joint(Mixer):
    """Every step trains all tasks: ``accumulate`` micro-batches of each, the losses added up with their weights.

    An epoch is one of the task with most batches, tasks with a ``head`` aside; the others begin again meanwhile.
    """

    together: ClassVar[bool] = True

    def epoch_steps(self, batches: Mapping[str, float]) -> float:
        return max(batches.values())

    def task_shares(self, sizes: Mapping[str, int], progress: float = 0.0) -> dict[str, float]:
        return dict.fromkeys(sorted(sizes), 1.0)

    def step_tasks(self, step: int, seed: int, sizes: Mapping[str, int], progress: float = 0.0) -> tuple[str, ...]:
        return tuple(sizes)


def _capped_sizes(cap: int | None, sizes: Mapping[str, int]) -> Mapping[str, int]:
    return sizes if cap is None else {name: min(size, cap) for name, size in sizes.items()}


def _normalised_shares(counted: Mapping[str, float]) -> dict[str, float]:
    total = sum(counted.values())
    return {name: counted[name] / total for name in sorted(counted)}
