"""The OpenCL implementations that run.py runs on, and what each can do in a few minutes."""

import dataclasses
import pathlib
import platform
import re
import shutil

VENDORS = pathlib.Path("/etc/OpenCL/vendors")
INTEL = pathlib.Path(__file__).resolve().parent / ".tools" / "lib" / "libintelocl.so"

# Where Oclgrind 21.10 can tell: what one kernel writes is uninitialised to the next one for it, and so
# is what passes through most vector functions.
INITIALIZED = ("add", "augment", "batchnorm_relu_forward", "dropout", "fill", "global_average_pool",
               "initialize", "copy", "sgd")
# What rusticl of Mesa 22.3 can do in time: it compiles fma() of wide vectors very slowly.
RUSTICL = ("add", "augment", "dropout", "fill", "global_average_pool", "initialize", "copy", "sgd")
CONVOLUTIONS = ("conv2d_forward", "conv2d_backward_data", "conv2d_backward_filter")


def cpu_fact(name):
    """What /proc/cpuinfo says of its first processor, or an empty string."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    found = re.search(rf"^{name}\s*: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


PROCESSOR = cpu_fact("model name") or platform.machine()
FLAGS = frozenset(cpu_fact("flags").split())


@dataclasses.dataclass(frozen=True)
class Implementation:
    """One way to run OpenCL C, and how much of the tests it can do in a few minutes."""

    name: str
    # The library of its driver, or the file in VENDORS that names it; None: it is no driver.
    driver: pathlib.Path | None
    environment: dict
    sample: tuple
    full: tuple
    # What a checker is called with; its log must stay empty.
    checker: tuple = ()
    # The operations it can do; none: all.
    operations: tuple = ()
    # The flags in /proc/cpuinfo that it needs, and how the name of its device must begin.
    flags: frozenset = frozenset()
    device: str = ""

    @property
    def is_installed(self):
        return shutil.which("oclgrind") is not None if self.checker else self.driver.exists()

    @property
    def missing_flags(self):
        return sorted(self.flags - FLAGS)

    def parts(self, wanted):
        """The `--op` of each run for the wanted operations, None being all."""
        if not self.operations:
            return [wanted]
        return [name for name in self.operations if wanted is None or name in wanted]


def pocl_code(name, cpu, library, flags):
    """pocl, compiling for a processor that need not be this one; it heeds both variables or none."""
    return Implementation(
        f"pocl, code for {name}", VENDORS / "pocl.icd",
        {"POCL_LLVM_CPU_NAME": cpu, "POCL_KERNELLIB_NAME": library},
        ("--sample", "0", "--largest", "1e5"), ("--largest", "1e6"),
        flags=frozenset(flags.split()), device=f"pthread-{cpu}")


# The widest vectors first, by the names that pocl 3.1 chooses from itself. Of those that a processor
# can run, the first is its own.
POCL_CODE = (
    pocl_code("AVX-512", "skylake-avx512", "avx512", "avx512f avx512bw avx512cd avx512dq avx512vl"),
    pocl_code("AVX2", "haswell", "avx2", "avx2 fma f16c bmi1 bmi2 abm movbe"),
    pocl_code("AVX", "sandybridge", "avx", "avx popcnt"),
    pocl_code("SSE4.1", "penryn", "sse41", "sse4_1 ssse3"),
)

IMPLEMENTATIONS = (
    # Without the problems that stand for the shipped results' layers, whose references take long.
    Implementation("pocl", VENDORS / "pocl.icd", {}, ("--sample", "1", "--largest", "2e7"), ()),
    Implementation("pocl, without vectorisers", VENDORS / "pocl.icd",
                   {"POCL_WORK_GROUP_METHOD": "loops"}, ("--sample", "0", "--largest", "1e5"), ()),
    *POCL_CODE,
    Implementation("Intel CPU runtime", INTEL, {}, ("--sample", "1"), ()),
    Implementation("rusticl on llvmpipe", VENDORS / "rusticl.icd",
                   {"RUSTICL_ENABLE": "llvmpipe"}, ("--sample", "1", "--largest", "2e4"),
                   ("--largest", "1e6"), operations=RUSTICL),
    Implementation("rusticl on llvmpipe, convolutions for GPUs", VENDORS / "rusticl.icd",
                   {"RUSTICL_ENABLE": "llvmpipe"},
                   ("--configuration", "local_", "--sample", "1", "--largest", "5e3"),
                   ("--configuration", "local_", "--largest", "1e6"), operations=CONVOLUTIONS),
    # Without optimisation: an optimiser writes instructions that Oclgrind does not know.
    Implementation("Oclgrind", None, {}, ("--sample", "1", "--largest", "2e4"),
                   ("--largest", "1e5"),
                   ("oclgrind", "--data-races", "--check-api", "--build-options", "-O0")),
    Implementation("Oclgrind, uninitialised values", None, {},
                   ("--sample", "1", "--largest", "2e4"), ("--largest", "1e5"),
                   ("oclgrind", "--uninitialized", "--build-options", "-O0"), INITIALIZED),
)
