#!/usr/bin/env python3
"""Trains the two small CIFAR-10 networks of docs/low-rank.md with PyTorch and writes them as ONNX files.

    scripts/train-cifar.py --data cifar-10-batches-py --out build/cifar
    scripts/train-cifar.py --data cifar10-jpeg.tar.xz --network resnet20 --epochs 12

--data is the folder of the data set's Python version, or an archive of JPEG files called split/class/number.jpg. Inputs of the written
networks are [N, 3, 32, 32] with (x/255 - mean) / deviation as in scripts/cifar10.py. Needs torch, onnx and, for archives, pillow.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from cifar10 import normalize, read
from torch import Tensor, nn


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which pads new channels with zeros (He et al. 2016, option A)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.stride, self.added = stride, outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x
        if self.added:
            shortcut = nn.functional.pad(
                x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.added // 2, self.added - self.added // 2)
            )
        return torch.relu(self.second(self.first(x)) + shortcut)


def resnet20() -> nn.Module:
    """He et al. 2016, section 4.2: 270 K parameters, 41 M multiply-accumulates."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    channels = 16
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        for index in range(3):
            layers.append(Block(channels, width, stride if index == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def vgg() -> nn.Module:
    """Seven 3x3 convolutions in VGG's manner and two fully connected layers: 0.8 M parameters, 49 M multiply-accumulates."""
    layers: list[nn.Module] = []
    channels = 3
    for widths in ((32, 32), (64, 64), (128, 128, 128)):
        for width in widths:
            layers += [nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 16, 256), nn.ReLU(inplace=True), nn.Linear(256, 10))


NETWORKS = {"vgg": vgg, "resnet20": resnet20}


def augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image of the batch moved by up to four pixels and mirrored at random."""
    count = images.shape[0]
    padded = nn.functional.pad(images, (4, 4, 4, 4))
    dy, dx = (torch.randint(0, 9, (count,), generator=generator) for _ in range(2))
    rows = (dy[:, None] + torch.arange(32))[:, None, :, None]
    columns = dx[:, None] + torch.arange(32)
    mirrored = torch.rand(count, generator=generator) < 0.5
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)[:, None, None, :]
    return padded[torch.arange(count)[:, None, None, None], torch.arange(3)[None, :, None, None], rows, columns]


def evaluate(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    network.eval()
    with torch.no_grad():
        right = sum(int((network(images[at : at + 500]).argmax(1) == labels[at : at + 500]).sum()) for at in range(0, len(images), 500))
    network.train()
    return 100 * right / len(images)


def train(name: str, data: Path, epochs: int, batch: int, rate: float, seed: int, bfloat: bool) -> nn.Module:
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = NETWORKS[name]().to(memory_format=torch.channels_last)
    (images, labels), (others, answers) = (
        (torch.from_numpy(normalize(x)), torch.from_numpy(y)) for x, y in (read(data, "train"), read(data, "test"))
    )
    decayed = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    plain = [parameter for parameter in network.parameters() if parameter.dim() <= 1]
    optimizer = torch.optim.SGD(
        [{"params": decayed, "weight_decay": 5e-4}, {"params": plain, "weight_decay": 0}], rate, momentum=0.9, nesterov=True
    )
    steps = epochs * (len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.25)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    network.train()
    for epoch in range(epochs):
        started, total = time.perf_counter(), 0.0
        order = torch.randperm(len(images), generator=generator)
        for at in range(0, len(images) - batch + 1, batch):
            chosen = order[at : at + batch]
            x = augmented(images[chosen], generator).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat):
                logits = network(x)
            loss = loss_of(logits.float(), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * batch
        print(f"{name}: epoch {epoch + 1}, loss {total / len(images):.3f}, {time.perf_counter() - started:.0f} s", flush=True)
    print(f"{name}: {evaluate(network, others, answers):.2f} % of the test images right", flush=True)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10: a folder of batches or an archive of JPEG files")
    parser.add_argument("--out", type=Path, default=Path("build/cifar"), help="folder for the ONNX files")
    parser.add_argument("--network", action="append", choices=NETWORKS, help="which to train; may be repeated; default: all")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.2, help="the highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's choice")
    parser.add_argument("--bfloat16", action="store_true", help="compute in bfloat16: half the time on processors that have it")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.network or NETWORKS:
        network = train(name, options.data, options.epochs, options.batch, options.rate, options.seed, options.bfloat16).eval()
        target = options.out / f"{name}.onnx"
        sample = torch.zeros(1, 3, 32, 32)
        torch.onnx.export(
            network.to(memory_format=torch.contiguous_format),
            (sample,),
            str(target),
            opset_version=13,
            dynamo=False,
            input_names=["images"],
            output_names=["logits"],
            dynamic_axes={"images": {0: "N"}, "logits": {0: "N"}},
        )
        print(f"{target}: {target.stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main()
