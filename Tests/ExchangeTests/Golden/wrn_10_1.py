"""wrn-10-1 for images of 1x8x8, 4 classes; made by 'widecl export'.

    from safetensors.torch import load_file
    network = Network()
    network.load_state_dict(load_file("weights.safetensors"))
    logits = network.eval()(prepare(pixels))
"""
import torch
from torch import nn
from torch.nn import functional as F

# Of each channel, in pixels of 0 to 255.
MEAN = torch.tensor([125.59453])
STANDARD_DEVIATION = torch.tensor([41.549862])
CLASSES = ["class 0","class 1","class 2","class 3"]


def prepare(pixels):
    """The input [N, 1, 8, 8] from pixels [N, 8, 8, 1] of 0 to 255."""
    return ((pixels.float() - MEAN) / STANDARD_DEVIATION).permute(0, 3, 1, 2)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.add("conv0", nn.Conv2d(1, 16, 3, stride=1, padding=1, bias=False))
        self.add("group0.block0.bn0", nn.BatchNorm2d(16, eps=1e-05))
        self.add("group0.block0.conv0", nn.Conv2d(16, 16, 3, stride=1, padding=1, bias=False))
        self.add("group0.block0.bn1", nn.BatchNorm2d(16, eps=1e-05))
        self.add("group0.block0.conv1", nn.Conv2d(16, 16, 3, stride=1, padding=1, bias=False))
        self.add("group1.block0.bn0", nn.BatchNorm2d(16, eps=1e-05))
        self.add("group1.block0.convdim", nn.Conv2d(16, 32, 1, stride=2, padding=0, bias=False))
        self.add("group1.block0.conv0", nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False))
        self.add("group1.block0.bn1", nn.BatchNorm2d(32, eps=1e-05))
        self.add("group1.block0.conv1", nn.Conv2d(32, 32, 3, stride=1, padding=1, bias=False))
        self.add("group2.block0.bn0", nn.BatchNorm2d(32, eps=1e-05))
        self.add("group2.block0.convdim", nn.Conv2d(32, 64, 1, stride=2, padding=0, bias=False))
        self.add("group2.block0.conv0", nn.Conv2d(32, 64, 3, stride=2, padding=1, bias=False))
        self.add("group2.block0.bn1", nn.BatchNorm2d(64, eps=1e-05))
        self.add("group2.block0.conv1", nn.Conv2d(64, 64, 3, stride=1, padding=1, bias=False))
        self.add("bn", nn.BatchNorm2d(64, eps=1e-05))
        self.add("fc", nn.Linear(64, 4))

    def add(self, name, layer):
        """Registers a layer under a name with dots, each of which is a module's."""
        parent = self
        *outer, last = name.split(".")
        for part in outer:
            if not hasattr(parent, part):
                parent.add_module(part, nn.Module())
            parent = getattr(parent, part)
        parent.add_module(last, layer)

    def forward(self, x):
        conv0 = self.conv0(x)
        group0_block0_bn0 = F.relu(self.group0.block0.bn0(conv0))
        group0_block0_conv0 = self.group0.block0.conv0(group0_block0_bn0)
        group0_block0_bn1 = F.dropout(F.relu(self.group0.block0.bn1(group0_block0_conv0)), 0.3, self.training)
        group0_block0_conv1 = self.group0.block0.conv1(group0_block0_bn1)
        group0_block0_add = group0_block0_conv1 + conv0
        group1_block0_bn0 = F.relu(self.group1.block0.bn0(group0_block0_add))
        group1_block0_convdim = self.group1.block0.convdim(group1_block0_bn0)
        group1_block0_conv0 = self.group1.block0.conv0(group1_block0_bn0)
        group1_block0_bn1 = F.dropout(F.relu(self.group1.block0.bn1(group1_block0_conv0)), 0.3, self.training)
        group1_block0_conv1 = self.group1.block0.conv1(group1_block0_bn1)
        group1_block0_add = group1_block0_conv1 + group1_block0_convdim
        group2_block0_bn0 = F.relu(self.group2.block0.bn0(group1_block0_add))
        group2_block0_convdim = self.group2.block0.convdim(group2_block0_bn0)
        group2_block0_conv0 = self.group2.block0.conv0(group2_block0_bn0)
        group2_block0_bn1 = F.dropout(F.relu(self.group2.block0.bn1(group2_block0_conv0)), 0.3, self.training)
        group2_block0_conv1 = self.group2.block0.conv1(group2_block0_bn1)
        group2_block0_add = group2_block0_conv1 + group2_block0_convdim
        bn = F.relu(self.bn(group2_block0_add))
        pool = bn.mean((2, 3))
        fc = self.fc(pool)
        return fc
