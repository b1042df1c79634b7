"""Networks that `widecl export` wrote for PyTorch."""
import importlib.util

from safetensors.torch import load_file


def load_network(stem):
    """The module in `stem`.py, and its network with the weights in `stem`.safetensors."""
    spec = importlib.util.spec_from_file_location("exported", f"{stem}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.Network()
    network.load_state_dict(load_file(f"{stem}.safetensors"))
    return module, network.eval()
