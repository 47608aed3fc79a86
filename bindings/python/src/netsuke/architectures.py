"""Networks of the literature with random weights: `netsuke.architectures.mobilenet_v2(width=0.5, classes=10, seed=7)`.

The same options give the same bits on every machine. The input is "input", N x channels x resolution x resolution; the output is
"output", N x classes: scores without Softmax. docs/architectures.md says what each network is and what it costs.
"""

from __future__ import annotations

import json
from typing import Any

from . import _netsuke
from ._errors import InvalidArgumentError
from ._model import Model


def names() -> list[str]:
    """The networks there are."""
    found: list[str] = json.loads(_netsuke.architecture_names())
    return found


def describe(name: str) -> dict[str, Any]:
    """What the network is, and its options with their ranges, defaults and meanings."""
    found: dict[str, Any] = json.loads(_netsuke.architecture_describe(name))
    return found


def create(name: str, **options: float) -> Model:
    """The network of this name; options left out have their defaults.

    Raises netsuke.NotFoundError for the name, and netsuke.InvalidArgumentError for an option that is none, out of range, or makes the
    network too large.
    """
    for key, value in options.items():
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise TypeError(f"'{key}' must be a number, not {type(value).__name__}")
    try:
        text = json.dumps({key: value if isinstance(value, int) else float(value) for key, value in options.items()}, allow_nan=False)
    except ValueError as error:
        raise InvalidArgumentError(f"the options of {name} must be finite numbers: {error}") from error
    return Model(_netsuke.architecture_create(name, text))


def lenet_300_100(*, classes: int = 10, resolution: int = 28, channels: int = 1, seed: int = 0) -> Model:
    """LeNet-300-100: fully connected, for MNIST (LeCun et al. 1998)."""
    return create("lenet_300_100", classes=classes, resolution=resolution, channels=channels, seed=seed)


def lenet_5(*, classes: int = 10, resolution: int = 28, channels: int = 1, seed: int = 0) -> Model:
    """LeNet-5 of Caffe, 20-50-500, for MNIST (after LeCun et al. 1998)."""
    return create("lenet_5", classes=classes, resolution=resolution, channels=channels, seed=seed)


def alexnet(*, classes: int = 1000, groups: int = 2, resolution: int = 227, channels: int = 3, seed: int = 0) -> Model:
    """AlexNet with two groups, as published (Krizhevsky et al. 2012)."""
    return create("alexnet", classes=classes, groups=groups, resolution=resolution, channels=channels, seed=seed)


def alexnet_one_tower(*, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """AlexNet without groups (Krizhevsky 2014)."""
    return create("alexnet_one_tower", classes=classes, resolution=resolution, channels=channels, seed=seed)


def vgg16(*, width: float = 1.0, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """VGG-16: thirteen 3 x 3 convolutions and three fully connected layers (Simonyan and Zisserman 2015)."""
    return create("vgg16", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)


def squeezenet1_0(*, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """SqueezeNet 1.0 (Iandola et al. 2016)."""
    return create("squeezenet1_0", classes=classes, resolution=resolution, channels=channels, seed=seed)


def squeezenet1_1(*, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """SqueezeNet 1.1 (Iandola et al. 2016)."""
    return create("squeezenet1_1", classes=classes, resolution=resolution, channels=channels, seed=seed)


def mobilenet_v1(*, width: float = 1.0, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """MobileNetV1: depthwise separable convolutions (Howard et al. 2017)."""
    return create("mobilenet_v1", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)


def mobilenet_v2(*, width: float = 1.0, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """MobileNetV2: inverted residuals (Sandler et al. 2018)."""
    return create("mobilenet_v2", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)


def xception(*, classes: int = 1000, resolution: int = 299, channels: int = 3, seed: int = 0) -> Model:
    """Xception: separable convolutions with residuals (Chollet 2017)."""
    return create("xception", classes=classes, resolution=resolution, channels=channels, seed=seed)


def shufflenet_v1(
    *, width: float = 1.0, groups: int = 3, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0
) -> Model:
    """ShuffleNet v1: grouped 1 x 1 convolutions and shuffles (Zhang et al. 2018). groups: 1, 2, 3, 4 or 8."""
    return create("shufflenet_v1", width=width, groups=groups, classes=classes, resolution=resolution, channels=channels, seed=seed)


def shufflenet_v2(*, width: float = 1.0, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """ShuffleNet v2: split, 1 x 1, depthwise, shuffle (Ma et al. 2018). width: 0.5, 1, 1.5 or 2."""
    return create("shufflenet_v2", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)


def effnet(*, classes: int = 10, resolution: int = 32, channels: int = 3, seed: int = 0) -> Model:
    """EffNet: 1 x 3 and 3 x 1 depthwise, for CIFAR-10 (Freeman et al. 2018)."""
    return create("effnet", classes=classes, resolution=resolution, channels=channels, seed=seed)


def resnet8(*, width: float = 1.0, classes: int = 10, resolution: int = 32, channels: int = 3, seed: int = 0) -> Model:
    """ResNet-8 for CIFAR (after He et al. 2016)."""
    return create("resnet8", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)


def resnet20(*, width: float = 1.0, classes: int = 10, resolution: int = 32, channels: int = 3, seed: int = 0) -> Model:
    """ResNet-20 for CIFAR (He et al. 2016)."""
    return create("resnet20", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)


def resnet56(*, width: float = 1.0, classes: int = 10, resolution: int = 32, channels: int = 3, seed: int = 0) -> Model:
    """ResNet-56 for CIFAR (He et al. 2016)."""
    return create("resnet56", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)


def resnet18(*, width: float = 1.0, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """ResNet-18 (He et al. 2016)."""
    return create("resnet18", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)


def resnet50(*, width: float = 1.0, classes: int = 1000, resolution: int = 224, channels: int = 3, seed: int = 0) -> Model:
    """ResNet-50 (He et al. 2016)."""
    return create("resnet50", width=width, classes=classes, resolution=resolution, channels=channels, seed=seed)
