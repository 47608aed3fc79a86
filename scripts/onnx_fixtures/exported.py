"""Small nets as both exporters of PyTorch write them, static and with an open batch."""

import io
import logging
import warnings

import onnx

from .build import strip


def write(writer):
    try:
        import torch
    except ImportError:
        print("torch is not there: the exported nets are left out")
        return
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    for name, make in {"mobile": mobile, "shuffle": shuffle, "inception": inception}.items():
        torch.manual_seed(7)
        net = make(torch).eval()
        x = torch.randn(2, 3, 16, 16)
        for tag, options in {
            "ts13": dict(dynamo=False, opset_version=13),
            "ts17-batch": dict(dynamo=False, opset_version=17, dynamic_axes={"x": {0: "N"}}),
            "dynamo18-batch": dict(dynamo=True, opset_version=18, dynamic_shapes=({0: torch.export.Dim("batch")},)),
            "dynamo20": dict(dynamo=True, opset_version=20),
        }.items():
            buffer = io.BytesIO()
            torch.onnx.export(net, (x,), buffer, input_names=["x"], output_names=["y"], verbose=False, **options)
            proto = strip(onnx.load_from_string(buffer.getvalue()))
            batch = torch.randn(3, 3, 16, 16) if tag.endswith("batch") else x
            writer.add(f"torch-{name}-{tag}", proto, {"x": batch.numpy()})


def settled(torch, channels):
    """A batch norm that is not the identity."""
    norm = torch.nn.BatchNorm2d(channels)
    torch.nn.init.uniform_(norm.running_mean, -0.2, 0.2)
    torch.nn.init.uniform_(norm.running_var, 0.5, 1.5)
    torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
    return norm


def mobile(torch):
    nn = torch.nn

    class Mobile(nn.Module):
        """Inverted residual with squeeze and excite, hard swish, dropout, a classifier."""

        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), settled(torch, 8), nn.Hardswish())
            self.expand = nn.Sequential(nn.Conv2d(8, 16, 1, bias=False), settled(torch, 16), nn.ReLU6())
            self.depthwise = nn.Sequential(nn.Conv2d(16, 16, 3, 1, 1, groups=16, bias=False), settled(torch, 16), nn.SiLU())
            self.reduce, self.gate = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
            self.project = nn.Sequential(nn.Conv2d(16, 8, 1, bias=False), settled(torch, 8))
            self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(8, 10))

        def forward(self, x):
            x = self.stem(x)
            y = self.depthwise(self.expand(x))
            s = torch.nn.functional.adaptive_avg_pool2d(y, 1)
            y = y * torch.nn.functional.hardsigmoid(self.gate(torch.relu(self.reduce(s))))
            x = x + self.project(y)
            return torch.nn.functional.softmax(self.head(x.mean([2, 3])), dim=1)

    return Mobile()


def shuffle(torch):
    nn = torch.nn

    class Shuffle(nn.Module):
        """Channel split and shuffle, average pooling beside a convolution of stride 2, `padding="same"`."""

        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3, padding="same")
            self.branch = nn.Sequential(nn.Conv2d(4, 4, 1), settled(torch, 4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1, groups=4))
            self.down = nn.Conv2d(8, 8, 3, 2, 1, groups=2)
            self.head = nn.Linear(16, 5)

        def forward(self, x):
            x = nn.functional.leaky_relu(self.stem(x), 0.1)
            a, b = x.chunk(2, dim=1)
            x = torch.cat([a, self.branch(b)], 1)
            n, c, h, w = x.shape
            x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
            x = torch.cat([nn.functional.avg_pool2d(x, 3, 2, 1), self.down(x)], 1)
            return self.head(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))

    return Shuffle()


def inception(torch):
    nn = torch.nn

    class Inception(nn.Module):
        """Branches joined by concatenation, pooling with ceil_mode, a transposed view before a linear layer."""

        def __init__(self):
            super().__init__()
            self.one = nn.Sequential(nn.Conv2d(3, 4, 1), settled(torch, 4), nn.ReLU())
            self.wide = nn.Sequential(
                nn.Conv2d(3, 4, (1, 5), padding=(0, 2)), nn.Tanh(), nn.Conv2d(4, 4, (5, 1), padding=(2, 0)), nn.Sigmoid()
            )
            self.lrn = nn.LocalResponseNorm(3)
            self.head = nn.Linear(11, 6)

        def forward(self, x):
            pooled = nn.functional.max_pool2d(x, 3, 1, 1)
            x = torch.cat([self.one(x), self.wide(x), pooled], 1)
            x = nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
            x = nn.functional.pad(x, (1, 0, 0, 1), value=0.5)[:, :, 1:, :-2]
            return self.head(x.permute(0, 2, 3, 1)).clamp(-0.3, 0.4)

    return Inception()
