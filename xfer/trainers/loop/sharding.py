"""Weights, gradients and optimiser state spread over the processes of a run (FSDP2): for encoders that no card holds.

Zhao et al. 2023 ("PyTorch FSDP"); torch's ``fully_shard``, each layer by itself. Layers are put together for as long
as they compute, and gradients are added up in each pass instead of before each update. Process 0 alone holds the whole
network, without gradients, while dev sets are scored and files are written: these are what one process would write.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from xfer.models.network import Network
from xfer.models.spread import gather_full
from xfer.trainers.distributed import Processes
from xfer.trainers.settings import FinetuneSettings

LARGE = 1_000_000_000  # parameters; 16 bytes each for weights, gradients and AdamW, beside activations


def shard_network(
    network: Network, settings: FinetuneSettings, processes: Processes, device: torch.device
) -> ShardedNetwork | None:
    """The network in parts, if there are several processes and the settings say so, or it is large."""
    large = sum(p.numel() for p in network.parameters()) >= LARGE
    wanted = large and not list(settings.unshardable_settings()) if settings.shard is None else settings.shard
    return ShardedNetwork(network, processes, device) if wanted and processes.control else None


class ShardedNetwork:
    """``parts`` is trained, a copy of the network of which this process has some; the network itself is kept empty."""

    def __init__(self, network: Network, processes: Processes, device: torch.device) -> None:
        from torch.distributed import init_device_mesh  # late: few runs need it
        from torch.distributed.fsdp import FSDPModule, fully_shard

        self.network, self.processes, self.device = network, processes, device
        self.shapes = {name: p.shape for name, p in network.named_parameters()}
        uncopied = network.tokenizer, network.forms
        parts: Any = copy.deepcopy(network, {id(each): each for each in uncopied}).to(device)
        self._empty()
        mesh = init_device_mesh(device.type, (processes.count,))
        for layer in parts.layer_stack() or ():
            fully_shard(layer, mesh=mesh)
        self.parts: Any = fully_shard(parts, mesh=mesh)
        for module in parts.modules():
            if isinstance(module, FSDPModule):
                module.set_gradient_divide_factor(1.0)  # a sum, as losses are divided by the units of the whole batch
                module.set_force_sum_reduction_for_comms(True)  # gloo knows no other

    def _empty(self) -> None:
        for parameter in self.network.parameters():
            parameter.data = parameter.data.new_empty(0)

    @contextmanager
    def whole(self, run: Any) -> Iterator[None]:
        """Inside, ``run.inner`` of process 0 is the whole network. All processes enter and leave."""
        whole_parameters = dict(self.network.named_parameters())
        for name, parameter in self.parts.named_parameters():
            gathered = gather_full(parameter.detach())
            if self.processes.main:
                whole_parameters[name].data = gathered
        run.inner = self.network.to(self.device) if self.processes.main else self.network
        try:
            yield
        finally:
            run.inner = self.parts
            self._empty()

    def end(self, run: Any) -> None:
        """The run is over: process 0 has the network with room for the weights that were selected."""
        self.parts = None
        run.network = run.inner = self.network
        if self.processes.main:
            for name, parameter in self.network.named_parameters():
                parameter.data = parameter.data.new_empty(self.shapes[name])
