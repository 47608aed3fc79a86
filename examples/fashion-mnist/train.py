"""Trains the demo's network on Fashion-MNIST and writes the files the demo reads.

    python train.py [--data FOLDER] [--epochs N] [--out FOLDER]

Needs torch, onnx and numpy. FOLDER holds the four idx.gz files of Fashion-MNIST (Debian's package
dataset-fashion-mnist). Writes fashion.onnx, fashion-test.npz and fashion-calibration.npz. The checkpoint is picked on
6,000 images held out of the training set; the test set is looked at once, at the end. One core, about six minutes.
"""

import argparse
import copy
import gzip
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
VALIDATION = 6000
TEST_IMAGES = 2000
CALIBRATION_IMAGES = 256


def read_idx(path: Path, header: int) -> np.ndarray:
    """The bytes of an idx.gz file behind its header of 16 (images) or 8 (labels) bytes."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def read_split(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(folder / f"{name}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    return images, read_idx(folder / f"{name}-labels-idx1-ubyte.gz", 8)


class Separable(nn.Module):
    """Depthwise 3x3, then pointwise, each with batch normalization; a residual where the shape allows it."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.residual = stride == 1 and inputs == outputs
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.pointwise_norm = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.depthwise_norm(self.depthwise(x)))
        y = self.pointwise_norm(self.pointwise(y))
        return F.relu(x + y if self.residual else y)


class FashionNet(nn.Module):
    """28x28 grey pixels in 0...1 to ten logits: about 131,000 parameters and 3 million multiply-adds."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 3, 1, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(
            Separable(16, 48, 2),
            Separable(48, 48),
            Separable(48, 96, 2),
            Separable(96, 96),
            Separable(96, 96),
            Separable(96, 192, 2),
            Separable(192, 192),
            Separable(192, 192),
        )
        self.classifier = nn.Linear(192, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.stem_norm(self.stem(x)))
        x = self.blocks(x).mean((2, 3), keepdim=True).flatten(1)
        return self.classifier(x)


def pixels(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images.astype(np.float32) / 255).unsqueeze(1)


def augment(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirrors half of the images and shifts each batch by up to two pixels."""
    flip = torch.rand(len(batch), 1, 1, 1, generator=generator) < 0.5
    batch = torch.where(flip, batch.flip(3), batch)
    down, right = (int(v) for v in torch.randint(-2, 3, (2,), generator=generator))
    return F.pad(batch, (2, 2, 2, 2))[:, :, 2 - down : 30 - down, 2 - right : 30 - right]


@torch.no_grad()
def accuracy(model: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> float:
    model.eval()
    right = sum(int((model(a).argmax(1) == b).sum()) for a, b in zip(x.split(500), labels.split(500), strict=True))
    return right / len(labels)


def train(x: torch.Tensor, labels: torch.Tensor, epochs: int, seed: int) -> nn.Module:
    """Gradient descent with one cycle of the learning rate; what is kept is the mean of the weights over time."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(x), generator=generator)
    held_out, kept = order[:VALIDATION], order[VALIDATION:]
    model = FashionNet().to(memory_format=torch.channels_last)
    mean = copy.deepcopy(model)
    batch, steps = 128, epochs * (len(kept) // 128)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.25, total_steps=steps, pct_start=0.25)
    best, best_state = 0.0, None
    for epoch in range(epochs):
        started = time.time()
        model.train()
        shuffled = kept[torch.randperm(len(kept), generator=generator)]
        for indices in shuffled.split(batch):
            if len(indices) < batch:
                continue
            images = augment(x[indices], generator).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(model(images), labels[indices], label_smoothing=0.05)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                for a, b in zip(mean.state_dict().values(), model.state_dict().values(), strict=True):
                    a.lerp_(b, 0.01) if a.is_floating_point() else a.copy_(b)
        score = accuracy(mean, x[held_out], labels[held_out])
        print(f"epoch {epoch + 1:2}: validation {100 * score:.2f} %, {time.time() - started:.0f} s", flush=True)
        if score >= best:
            best, best_state = score, copy.deepcopy(mean.state_dict())
    mean.load_state_dict(best_state)
    return mean.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)

    images, labels = read_split(options.data, "train")
    model = train(pixels(images), torch.from_numpy(labels.astype(np.int64)), options.epochs, options.seed)

    test_images, test_labels = read_split(options.data, "t10k")
    score = accuracy(model, pixels(test_images), torch.from_numpy(test_labels.astype(np.int64)))
    print(f"test, all 10,000 images: {100 * score:.2f} %; parameters: {sum(p.numel() for p in model.parameters())}")

    # PRESERVE keeps the batch normalizations as nodes of their own: folding them is the library's work.
    torch.onnx.export(
        model.to(memory_format=torch.contiguous_format),
        (torch.zeros(1, 1, 28, 28),),
        str(options.out / "fashion.onnx"),
        opset_version=17,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}},
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        dynamo=False,
    )
    chosen = np.sort(np.random.default_rng(options.seed).choice(len(images), CALIBRATION_IMAGES, replace=False))
    np.savez_compressed(options.out / "fashion-calibration.npz", images=images[chosen], labels=labels[chosen])
    np.savez_compressed(options.out / "fashion-test.npz", images=test_images[:TEST_IMAGES], labels=test_labels[:TEST_IMAGES])


if __name__ == "__main__":
    main()
