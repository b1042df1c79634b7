"""Compiles the engine's kernels for GPUs of three vendors and reads what the compilers say of them.

    python gpucheck/check.py PROGRAMS [--targets sm_80 gfx1030 dg2 ...] [--update]

PROGRAMS is what `widecl-benchmarks programs MODEL...` prints. A kernel fails where it does not build,
spills registers, takes more local memory or more work-items than the device class has. The numbers
are compared with results.json beside this file: fewer work-groups or threads at a time than there is a
failure, too; `--update` writes the file, and the table in ../docs/tested-on.md, anew. No GPU is needed, and none is used: registers and
occupancy are these compilers' (not the drivers'), times are not known at all.
"""

import argparse
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))
from documents import insert  # noqa: E402

KERNELS = HERE.parent / "Kernels"
TOOLS = HERE / ".tools"
RESULTS = HERE / "results.json"
CLC = "/usr/lib/clc/nvptx64--nvidiacl.bc"
ROCM = pathlib.Path("/usr/lib/x86_64-linux-gnu/amdgcn/bitcode")

# What a multiprocessor has: warps, blocks, KiB of shared memory for all, its granule, bytes of it
# that the system keeps in each block; the newest target clang-15 knows.
NVIDIA = {
    "sm_60": dict(clang="sm_60", warps=64, blocks=32, shared=64, granule=256, kept=0),
    "sm_70": dict(clang="sm_70", warps=64, blocks=32, shared=96, granule=256, kept=0),
    "sm_80": dict(clang="sm_80", warps=64, blocks=32, shared=164, granule=128, kept=1024),
    "sm_90": dict(clang="sm_86", warps=64, blocks=32, shared=228, granule=128, kept=1024),
}
# Vector registers a lane and SIMD, their granule, waves a SIMD at most, bytes of local memory of four
# SIMDs, lanes of a wave.
AMD = {
    "gfx906": dict(registers=256, granule=4, waves=10, local=65536, lanes=64, isa=9006),
    "gfx90a": dict(registers=512, granule=8, waves=8, local=65536, lanes=64, isa=9010),
    "gfx1030": dict(registers=1024, granule=16, waves=16, local=131072, lanes=32, isa=10300),
    "gfx1100": dict(registers=1536, granule=24, waves=16, local=131072, lanes=32, isa=11000),
}
# Threads an execution unit, units that share a local memory, its bytes, work-items of a group at most,
# and the options that the engine gives a device of the class.
INTEL = {
    "skl": dict(threads=7, units=8, local=65536, items=256),
    "tgllp": dict(threads=7, units=16, local=131072, items=512),
    "dg2": dict(threads=8, units=16, local=131072, items=1024),
    "pvc": dict(threads=8, units=8, local=131072, items=1024, options=["-DSUB_GROUP=16"]),
}

# The kernels that a step spends its time in.
DIRECT = ("conv2d_forward_local", "conv2d_backward_data_local", "conv2d_backward_filter_local")


class Failure(Exception):
    """A compiler that did not do its work."""


def run(command, **options):
    result = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", timeout=300, **options)
    if result.returncode:
        first = next((line for line in result.stdout.splitlines() if "error" in line),
                     result.stdout[:200])
        raise Failure(f"{pathlib.Path(command[0]).name}: {first.strip()}")
    return result.stdout


def share_of_multiply_adds(lines, label, instruction, multiply_add):
    """The part of its instructions that multiply and add, of the straight piece with most of them:
    of an unrolled inner loop that is the loop's body."""
    pieces = [[]]
    for line in lines:
        if re.match(label, line):
            pieces.append([])
        elif match := re.match(instruction, line):
            pieces[-1].append(bool(re.match(multiply_add, match[1])))
    most = max(pieces, key=sum)
    return round(sum(most) / max(1, len(most)), 2)


def assemble(text, target, folder):
    """The registers of a work-item, the bytes spilled, and all that NVIDIA's assembler says."""
    ptx = folder / "assembled.ptx"
    ptx.write_text(text)
    ptxas = next(TOOLS.glob("lib/python*/site-packages/nvidia/cuda_nvcc/bin/ptxas"))
    log = run([ptxas, "-v", f"-arch={target}", ptx, "-o", folder / "kernel.cubin"])
    spilled = re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", log).groups()
    return int(re.search(r"Used (\d+) registers", log)[1]), sum(map(int, spilled)), log


def nvidia(program, target, source, folder):
    facts = NVIDIA[target]
    ir, ptx = folder / "kernel.ll", folder / "kernel.ptx"
    triple = ["-target", "nvptx64--nvidiacl", f"-march={facts['clang']}"]
    run(["clang-15", "-x", "cl", "-cl-std=CL1.2", *triple, "-O3", "-w",
         "-Xclang", "-finclude-default-header", "-Xclang", "-mlink-builtin-bitcode", "-Xclang", CLC,
         *program["options"], "-emit-llvm", "-S", source, "-o", ir])
    run(["clang-15", "-x", "ir", *triple, "-O3", "-w", "-Xclang", "-disable-llvm-passes", "-S", ir,
         "-o", ptx])
    # The driver tells the assembler of the required work-group; this compiler does not.
    group = ", ".join(map(str, program["work_group"]))
    open_group = ptx.read_text()
    text = re.sub(r"(\.entry \w+\([^)]*\)\n)", rf"\1.reqntid {group}\n", open_group)
    items = group_items(program)
    registers, spilled, log = assemble(text, target, folder)
    # It may spill a few bytes to fit one more group: that is its choice where the kernel fits without.
    forced = spilled
    if spilled:
        free, forced, _ = assemble(open_group, target, folder)
        forced = forced or (spilled if free * items > 65536 else 0)
    shared = re.search(r"(\d+) bytes smem", log)
    shared = int(shared[1]) if shared else 0
    warps = -(-items // 32)
    per_warp = -(-max(registers, 1) * 32 // 256) * 256
    limits = [facts["warps"] // warps, facts["blocks"], 65536 // per_warp // 4 * 4 // warps]
    if shared or facts["kept"]:
        size = -(-(shared + facts["kept"]) // facts["granule"]) * facts["granule"]
        limits.append(facts["shared"] * 1024 // size)
    return dict(registers=registers, spilled=spilled, forced=forced, local=shared, limit_local=49152,
                limit_items=1024, groups=min(limits),
                occupancy=round(min(limits) * warps / facts["warps"], 2),
                multiply_add=share_of_multiply_adds(
                    text.splitlines(), r"\s*\$L__BB", r"\s+(?:@!?%p\d+\s+)?([a-z][\w.]*)\s",
                    r"fma\."))


@functools.cache
def amd_libraries(folder):
    """AMD's libraries of bitcode, with the constants that Debian's release lacks."""
    for file in ROCM.glob("*.bc"):
        (folder / file.name).symlink_to(file)

    def constant(stem, symbol, value):
        if (folder / f"{stem}.bc").exists():
            return
        text = folder / f"{stem}.ll"
        text.write_text(f'target triple = "amdgcn-amd-amdhsa"\n@{symbol} = linkonce_odr protected '
                        f"local_unnamed_addr addrspace(4) constant i32 {value}, align 4\n")
        run(["clang-19", "-x", "ir", "-target", "amdgcn-amd-amdhsa", "-nogpulib", "-w", "-emit-llvm",
             "-c", text, "-o", folder / f"{stem}.bc"])

    for target, facts in AMD.items():
        constant(f"oclc_isa_version_{target[3:]}", "__oclc_ISA_version", facts["isa"])
    constant("oclc_abi_version_600", "__oclc_ABI_version", 600)
    return folder


def amd(program, target, source, folder):
    facts = AMD[target]
    assembly = folder / "kernel.s"
    run(["clang-19", "-x", "cl", "-cl-std=CL1.2", "-target", "amdgcn-amd-amdhsa", f"-mcpu={target}",
         "-O3", "-w", f"--rocm-device-lib-path={amd_libraries(folder.parent / 'amd')}",
         *program["options"], "-S", source, "-o", assembly])
    text = assembly.read_text()

    def number(key):
        match = re.search(rf"\.{key}:\s+(\d+)", text)
        return int(match[1]) if match else 0

    registers, local = number("vgpr_count"), number("group_segment_fixed_size")
    waves = -(-group_items(program) // facts["lanes"])
    rounded = -(-max(registers, 1) // facts["granule"]) * facts["granule"]
    limits = [facts["waves"] * 4 // waves,
              min(facts["waves"], facts["registers"] // rounded) * 4 // waves]
    if waves > 1:
        limits.append(16 if target.startswith("gfx9") else 32)
    if local:
        limits.append(facts["local"] // (-(-local // 512) * 512))
    return dict(registers=registers,
                spilled=number("vgpr_spill_count") + number("private_segment_fixed_size"),
                local=local, limit_local=65536, limit_items=1024, groups=min(limits),
                occupancy=round(min(limits) * waves / (4 * facts["waves"]), 2),
                multiply_add=share_of_multiply_adds(
                    text.splitlines(), r"\.LBB", r"\s+([a-z]\w*)\s",
                    r"v_(dual_|pk_)?(fma|fmac|mac|mad)_?"))


def intel(program, target, source, folder):
    facts = INTEL[target]
    libraries = TOOLS / "intel/usr/lib/x86_64-linux-gnu"
    dump = folder / "dump"
    environment = dict(os.environ, LD_LIBRARY_PATH=f"{libraries}:{libraries}/intel-opencl",
                       IGC_ShaderDumpEnable="1", IGC_DumpToCustomDir=f"{dump}/")
    # The compiler knows none of the extensions that the header of clang would declare.
    whole = folder / "kernel.cl"
    run(["clang-15", "-E", "-P", "-x", "cl", "-cl-std=CL1.2", "-target", "spir64",
         "-Xclang", "-cl-ext=-all",
         *facts.get("options", []), *program["options"], source, "-o", whole])
    log = run([TOOLS / "intel/usr/bin/ocloc", "compile", "-file", whole, "-device", target,
               "--format", "zebin", "-exclude_ir", "-options", "-cl-std=CL1.2", "-output", "kernel",
               "-output_no_suffix"], cwd=folder, env=environment)
    binary = next(path for path in (folder / "kernel.bin", folder / "kernel") if path.exists())
    description = binary.read_bytes().decode("latin-1")
    description = description[description.index("kernels:"):]

    def number(key):
        match = re.search(rf"\b{key}:\s+(\d+)", description)
        return int(match[1]) if match else 0

    simd, local = number("simd_size"), number("slm_size")
    spilled = sum(map(int, re.findall(r"spilled around (\d+)", log)))
    lines = []
    for path in dump.glob(f"*simd{simd}*.asm"):
        text = path.read_text(errors="replace")
        if f"//.kernel {program['entry_point']}" in text:
            lines = text.splitlines()
            size = re.search(r"//\.spill size (\d+)", text)
            spilled += int(size[1]) if size else 0
    threads = -(-group_items(program) // max(1, simd))
    limits = [facts["threads"] * facts["units"] // threads]
    if local:
        limits.append(facts["local"] // max(1024, 1 << (local - 1).bit_length()))
    return dict(registers=number("grf_count") or 128, spilled=spilled, local=local,
                limit_local=65536, limit_items=facts["items"], groups=min(limits), simd=simd,
                occupancy=round(
                    min(limits) * threads / (facts["threads"] * facts["units"]), 2),
                multiply_add=share_of_multiply_adds(
                    lines, r"\s*(L\d+|_\w+|BB_\w+):", r"\s*(?:\([^)]*\)\s*)?([a-z]\w*)[.\s(]",
                    r"mad|mac"))


# Slices, subslices and execution units that Intel's driver is told it has.
CAPTURED = {"skl": "1x3x8", "tgllp": "1x6x16", "dg2": "8x4x16"}  # a pvc is never done


def capture(command, target, folder):
    """Runs a command on Intel's whole GPU driver, which records instead of computing."""
    libraries = TOOLS / "intel/usr/lib/x86_64-linux-gnu"
    vendors = folder / "vendors"
    vendors.mkdir(exist_ok=True)
    (vendors / "intel.icd").write_text(f"{libraries}/intel-opencl/libigdrcl.so\n")
    run(command, env=dict(
        os.environ, OCL_ICD_VENDORS=vendors, XDG_CACHE_HOME=folder, NEOReadDebugKeys="1",
        LD_LIBRARY_PATH=f"{libraries}:{libraries}/intel-opencl", SetCommandStreamReceiver="1",
        ProductFamilyOverride=target, HardwareInfoOverride=CAPTURED[target],
        AUBDumpCaptureFileName="/dev/null"))


def expanded(path, included):
    """The source with its includes put in, each once, as the engine does it."""
    lines = []
    for line in (KERNELS / path).read_text().splitlines():
        if match := re.match(r'#include "([^"]+)"', line):
            if match[1] not in included:
                included.add(match[1])
                lines.append(expanded(match[1], included))
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def group_items(program):
    x, y, z = program["work_group"]
    return x * y * z


def check(job):
    program, target, folder = job
    compiler = nvidia if target in NVIDIA else amd if target in AMD else intel
    folder.mkdir()
    source = folder / "source.cl"
    source.write_text(expanded(program["source"], {program["source"]}))
    try:
        numbers = compiler(program, target, source, folder)
    except (Failure, subprocess.TimeoutExpired) as error:
        return dict(failures=[str(error)])
    failures = []
    if numbers.pop("forced", numbers["spilled"]):
        failures.append(f"spills {numbers['spilled']}")
    if numbers["local"] > numbers.pop("limit_local"):
        failures.append(f"{numbers['local']} bytes of local memory")
    if group_items(program) > numbers.pop("limit_items"):
        failures.append(f"{group_items(program)} work-items")
    if numbers["groups"] == 0:
        failures.append("not one work-group fits")
    return dict(numbers, failures=failures)


def table(jobs, results):
    """In Markdown, by target: what was compiled, and how the direct convolutions fare."""
    lines = ["| GPU | Programs | Failed | Registers | Occupancy | Multiply-adds of the loop |", "|---|---|---|---|---|---|"]
    for target in dict.fromkeys(target for _, target, _ in jobs):
        mine = [(program, result) for (program, job, _), result in zip(jobs, results) if job == target]
        convolutions = [result for program, result in mine if program["entry_point"] in DIRECT]

        def extent(name, form):
            values = [result[name] for result in convolutions if name in result]
            low, high = (form.format(end(values, default=0)) for end in (min, max))
            return low if low == high else f"{low} to {high}"

        lines.append(f"| {target} | {len(mine)} | {sum(bool(result['failures']) for _, result in mine)} | "
                     f"{extent('registers', '{}')} | {extent('occupancy', '{:.0%}')} | "
                     f"{extent('multiply_add', '{:.0%}')} |")
    return "\n".join(lines)


def key(program, target):
    return f"{target} {program['source']} " + " ".join(
        option[2:] for option in sorted(program["options"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=argparse.FileType())
    parser.add_argument("--targets", nargs="+", default=[*NVIDIA, *AMD, *INTEL],
                        choices=[*NVIDIA, *AMD, *INTEL])
    parser.add_argument("--driver", nargs=argparse.REMAINDER, metavar="COMMAND", default=[],
                        help="a command to run on Intel's GPU driver for each Intel target")
    parser.add_argument("--update", action="store_true", help="write results.json anew")
    options = parser.parse_args()
    programs = [json.loads(line) for line in options.programs]
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "amd").mkdir()
        amd_libraries(folder / "amd")
        jobs = [(program, target, folder / f"{index}-{target}")
                for index, program in enumerate(programs) for target in options.targets]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(check, jobs))

    print(f"{'kernel and configuration':66} {'target':8} {'regs':>4} {'spill':>5} {'local':>6} "
          f"{'groups':>6} {'occup.':>6} {'FMA':>5}")
    summary = table(jobs, results)
    failed, found = 0, {}
    for (program, target, _), result in zip(jobs, results):
        name = f"{program['entry_point']} {program['configuration']}"
        failures = result.pop("failures")
        before = known.get(key(program, target))
        if result:
            found[key(program, target)] = result
            if before and result["occupancy"] < before["occupancy"]:
                failures.append(f"occupancy was {before['occupancy']}")
            row = (f"{name:66.66} {target:8} {result['registers']:4} {result['spilled']:5} "
                   f"{result['local']:6} {result['groups']:6} {result['occupancy']:6.2f} "
                   f"{100 * result['multiply_add']:4.0f}%")
        else:
            row = f"{name:66.66} {target:8}"
        if failures or program["is_default"]:
            print(row + ("  " + "; ".join(failures) if failures else ""))
        failed += bool(failures)
    if options.driver:
        for target in filter(CAPTURED.get, options.targets):
            with tempfile.TemporaryDirectory() as name:
                try:
                    capture(options.driver, target, pathlib.Path(name))
                    print(f"{target}: every program built and enqueued by Intel's driver")
                except (Failure, subprocess.TimeoutExpired) as error:
                    print(f"{target}: Intel's driver: {error}")
                    failed += 1
    if options.update:
        RESULTS.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")
        insert(HERE.parent / "docs" / "tested-on.md", "gpus", summary)
    print(summary)
    print(f"{len(jobs)} compiled, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
