"""The benchmark's training step in PyTorch: LoRA on frozen weights, a trained head, Adam 1e-3, float, one thread.

Arguments: those of a workload (network width batch depth rank updater fit size kernel), then seconds to warm up and to run.
Prints one JSON line: steps and their median CPU time in milliseconds.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

TOKENS, CLASSES = 32, 10

network, width, batch, depth, rank, updater, _, size, kernel = sys.argv[1:10]
width, batch, depth, rank, size, kernel = map(int, (width, batch, depth, rank, size, kernel))
warm_up, seconds = map(float, sys.argv[10:])
kind = network.replace("-frozen", "")
only_lowest = network.endswith("-frozen")

torch.set_num_threads(1)
torch.set_flush_denormal(True)
torch.manual_seed(12345)


def frozen(module):
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module


def factor(*shape):
    a = nn.Parameter(torch.empty(*shape))
    nn.init.kaiming_uniform_(a, a=math.sqrt(5))
    return a


class Dense(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.base = frozen(nn.Linear(inputs, outputs))
        self.a, self.b = factor(rank, inputs), nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, x):
        return self.base(x) + F.linear(F.linear(x, self.a), self.b)


class Convolution(nn.Module):
    def __init__(self, side, channels, filters):
        super().__init__()
        self.base = frozen(nn.Conv2d(channels, filters, side, padding=side // 2))
        self.a, self.b = factor(rank, channels, side, side), nn.Parameter(torch.zeros(filters, rank, 1, 1))

    def forward(self, x):
        return self.base(x) + F.conv2d(F.conv2d(x, self.a, padding=self.base.padding), self.b)


class Embedding(nn.Module):
    def __init__(self, tokens, units):
        super().__init__()
        self.base = frozen(nn.Embedding(tokens, units))
        self.a, self.b = nn.Parameter(torch.zeros(tokens, rank)), nn.Parameter(torch.randn(rank, units))

    def forward(self, x):
        return self.base(x) + F.embedding(x, self.a) @ self.b


class Lstm(nn.Module):
    """The library's own loop over time, on the sums of weights and products of factors."""

    def __init__(self, units):
        super().__init__()
        self.base = frozen(nn.LSTM(units, units, batch_first=True))
        self.a, self.b = factor(rank, units), nn.Parameter(torch.zeros(4 * units, rank))
        self.ra, self.rb = factor(rank, units), nn.Parameter(torch.zeros(4 * units, rank))

    def forward(self, x):
        base = self.base
        weights = [
            base.weight_ih_l0 + self.b @ self.a,
            base.weight_hh_l0 + self.rb @ self.ra,
            base.bias_ih_l0,
            base.bias_hh_l0,
        ]
        start = x.new_zeros(1, x.shape[0], base.hidden_size)
        return torch._VF.lstm(x, (start, start), weights, True, 1, 0.0, True, False, True)[0]


class Mean(nn.Module):
    def __init__(self, *dimensions):
        super().__init__()
        self.dimensions = dimensions

    def forward(self, x):
        return x.mean(self.dimensions)


def layers():
    for _ in range(depth):
        if kind == "conv":
            plain = frozen(nn.Conv2d(width, width, kernel, padding=kernel // 2))
            yield from (plain if only_lowest else Convolution(kernel, width, width), nn.ReLU())
        elif kind == "depthwise":
            yield from (frozen(nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)), nn.ReLU())
            if not only_lowest:
                yield from (Convolution(1, width, width), nn.ReLU())
        elif kind == "batchnorm":
            yield frozen(nn.BatchNorm2d(width)).eval()
        elif kind == "lstm":
            yield Lstm(width)
        elif kind == "embedding":
            yield Embedding(size, width)
        else:
            yield from (Dense(width, width), nn.ReLU())


pictures = kind in ("conv", "depthwise", "batchnorm")
below = [Convolution(3, 1, width), nn.ReLU()] if pictures else []
pooling = [Mean(2, 3)] if pictures else [Mean(1)] if kind in ("lstm", "embedding") else []
net = nn.Sequential(*below, *layers(), *pooling, nn.Linear(width, CLASSES))
trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
optimiser = torch.optim.Adam(trained, lr=1e-3)
x = (
    torch.randn(batch, 1, size, size)
    if pictures
    else torch.randn(batch, size, width)
    if kind == "lstm"
    else torch.randint(0, size, (batch, TOKENS))
    if kind == "embedding"
    else torch.randn(batch, width)
)


def step(number):
    # Labels turn with every step: a vanishing loss would fill Adam's state with denormal numbers.
    labels = (torch.arange(batch) + number) % CLASSES
    optimiser.zero_grad(set_to_none=True)
    F.cross_entropy(net(x), labels).backward()
    optimiser.step()


number, end = 0, time.process_time() + warm_up
while number < 2 or time.process_time() < end:
    step(number)
    number += 1
times, end = [], time.process_time() + seconds
while len(times) < 3 or time.process_time() < end:
    begin = time.process_time()
    step(number)
    times.append((time.process_time() - begin) * 1e3)
    number += 1
times.sort()
print(json.dumps({"steps": len(times), "median_ms": times[len(times) // 2]}))
