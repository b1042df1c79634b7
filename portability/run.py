"""Runs the conformance tests on several OpenCL implementations, and plants bugs to see them caught.

    python run.py --widecl PATH [--full] [--seed N] [--output FILE] [--readme FILE]
    python run.py --widecl PATH --only Oclgrind --op sgd --largest 3e3 --bugs missing-barrier

Each implementation runs `widecl verify` in processes of its own, with no other driver in sight and
with empty caches. Oclgrind also checks every memory access for races, divergence, bounds and
uninitialised values; its log must stay empty. Each patch in bugs/ is then applied to a copy of the
kernels, where Oclgrind must report it. By default a sample is checked, which the date chooses; --full checks
everything. Writes the results as JSON and, between two markers, as a table into `--readme`. Exit
status 1: something is wrong.
"""

import argparse
import concurrent.futures
import dataclasses
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))
from readme import insert  # noqa: E402

KERNELS = HERE.parent / "Kernels"
VENDORS = pathlib.Path("/etc/OpenCL/vendors")
INTEL = HERE / ".tools" / "lib" / "libintelocl.so"

OCLGRIND_OPTIONS = ("--bare-buffers", "--timeout", "30m")
# Where Oclgrind 21.10 can tell: what one kernel writes is uninitialised to the next one for it, and so
# is what passes through most vector functions.
INITIALIZED = ("add", "augment", "batchnorm_relu_forward", "dropout", "fill", "global_average_pool",
               "initialize", "copy", "sgd")
# What rusticl of Mesa 22.3 can do in time; it hangs in convolutions with tiles of float16.
RUSTICL = ("add", "augment", "dropout", "fill", "global_average_pool", "initialize", "copy", "sgd")
CONVOLUTIONS = ("conv2d_forward", "conv2d_backward_data", "conv2d_backward_filter")


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

    @property
    def is_installed(self):
        return shutil.which("oclgrind") is not None if self.checker else self.driver.exists()

    def parts(self, wanted):
        """The `--op` of each run for the wanted operations, None being all."""
        if not self.operations:
            return [wanted]
        return [name for name in self.operations if wanted is None or name in wanted]


IMPLEMENTATIONS = (
    # Without the problems that stand for the shipped results' layers, whose references take long.
    Implementation("pocl", VENDORS / "pocl.icd", {}, ("--sample", "1", "--largest", "2e7"), ()),
    Implementation("pocl, work-groups by cbs", VENDORS / "pocl.icd",
                   {"POCL_WORK_GROUP_METHOD": "cbs"}, ("--sample", "0", "--largest", "1e5"), ()),
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


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one run of `widecl verify` left."""

    status: int
    report: dict | None
    error: str
    # The lines of a checker's log.
    log: list

    @property
    def failures(self):
        if self.report is None:
            return [f"status {self.status}: {self.error[-2000:]}"]
        texts = [f"{item['operation']} [{item['problem']}] {item['configuration']}: "
                 f"{item['reason']}" for item in self.report["failures"]]
        if not texts and self.status != 0:
            texts = [f"status {self.status}: {self.error[-2000:]}"]
        return texts + ["\n".join(self.log[:20])] * bool(self.log)


def verify(widecl, implementation, arguments, kernels=None, limit=6 * 3600):
    """Runs `widecl verify` on one implementation, with caches and drivers of its own."""
    with tempfile.TemporaryDirectory(prefix="widecl-portability-") as folder:
        folder = pathlib.Path(folder)
        vendors = folder / "vendors"
        vendors.mkdir()
        if implementation.driver:
            driver = implementation.driver
            library = driver.read_text() if driver.suffix == ".icd" else f"{driver}\n"
            (vendors / "one.icd").write_text(library)
        # Neither what the user has tuned nor what another way of compiling left is in the way.
        environment = dict(os.environ, **implementation.environment,
                           OCL_ICD_VENDORS=str(vendors), XDG_CACHE_HOME=str(folder / "cache"),
                           POCL_CACHE_DIR=str(folder / "pocl"))
        (folder / "pocl").mkdir()
        environment.pop("WIDECL_DEVICE", None)
        environment.pop("WIDECL_KERNELS", None)
        if kernels:
            environment["WIDECL_KERNELS"] = str(kernels)
        log = folder / "log"
        command = [str(widecl), "verify", "--json", *arguments]
        if implementation.checker:
            command = [*implementation.checker, "--log", str(log), *command, *OCLGRIND_OPTIONS]
        try:
            result = subprocess.run(command, env=environment, text=True, timeout=limit,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired:
            return Outcome(-1, None, f"no end after {limit} s", [])
        try:
            report = json.loads(result.stdout)
        except ValueError:
            report = None
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return Outcome(result.returncode, report, result.stderr,
                       [line for line in lines if line.strip()])


@dataclasses.dataclass(frozen=True)
class Bug:
    """A change of the kernels that a checker must report."""

    path: pathlib.Path
    # The checker, the operation, a part of its configurations, the size of problems, the report.
    facts: dict

    @classmethod
    def read(cls, path):
        facts = dict(re.findall(r"^(Checker|Operation|Configuration|Largest|Report): (.*)$",
                                path.read_text(), re.MULTILINE))
        return cls(path, facts)

    @property
    def name(self):
        return self.path.stem

    def check(self, widecl):
        """Why the bug was not caught, or None, and the line that reports it."""
        with tempfile.TemporaryDirectory(prefix="widecl-portability-") as folder:
            copy = pathlib.Path(folder) / "Kernels"
            shutil.copytree(KERNELS, copy)
            # Outside of every repository, where git would leave other folders' files alone.
            environment = dict(os.environ, GIT_CEILING_DIRECTORIES=folder)
            patched = subprocess.run(["git", "apply", "--verbose", str(self.path)], cwd=copy,
                                     env=environment, text=True, capture_output=True)
            if patched.returncode != 0 or "Applied patch" not in patched.stderr:
                return f"the patch does not apply any more: {patched.stderr.strip()}", None
            checker = next(item for item in IMPLEMENTATIONS if item.name == self.facts["Checker"])
            outcome = verify(widecl, checker, [
                "--op", self.facts["Operation"], "--configuration", self.facts["Configuration"],
                "--largest", self.facts["Largest"]], kernels=copy)
        for line in outcome.log:
            if re.search(self.facts["Report"], line, re.IGNORECASE):
                return None, line.strip()
        return f"no report '{self.facts['Report']}': {outcome.log[:3]} {outcome.error[-500:]}", None


def run_implementation(implementation, options):
    """A row of the results."""
    begin = time.monotonic()
    arguments = implementation.full if options.full else implementation.sample
    if options.largest:
        arguments = (*arguments, "--largest", options.largest)
    outcomes = [
        verify(options.widecl, implementation,
               [*arguments, "--seed", str(options.seed)] + (["--op", part] if part else []))
        for part in implementation.parts(options.op)]
    report = next((outcome.report for outcome in outcomes if outcome.report), {})
    row = {
        "implementation": implementation.name,
        "version": report.get("driver"),
        "device": report.get("device"),
        "date": options.date.isoformat(),
        "arguments": list(arguments),
        "cases": sum(outcome.report["checks"] for outcome in outcomes if outcome.report),
        "failures": [failure for outcome in outcomes for failure in outcome.failures],
        "seconds": round(time.monotonic() - begin),
    }
    print(f"{implementation.name}: {row['version']}, {row['cases']} cases, "
          f"{len(row['failures'])} failures, {row['seconds']} s", flush=True)
    for failure in row["failures"][:20]:
        print(f"  {failure}", flush=True)
    return row


def run_bug(bug, options):
    """A row of the planted bugs' results."""
    begin = time.monotonic()
    why_not, report = bug.check(options.widecl)
    print(f"bug {bug.name}: " + (f"caught: {report}" if report else f"NOT CAUGHT: {why_not}")
          + f", {time.monotonic() - begin:.0f} s", flush=True)
    return {"bug": bug.name, "caught": report is not None, "by": bug.facts["Checker"],
            "report": report, "why_not": why_not}


def table(results):
    lines = ["| Implementation | Version | Date | Configurations × problems | Wrong or reported |",
             "|---|---|---|---|---|"]
    for row in results["implementations"]:
        lines.append(f"| {row['implementation']} | {row['version']} | {row['date']} | "
                     f"{row['cases']} | {len(row['failures'])} |")
    caught = sum(bug["caught"] for bug in results["bugs"])
    extent = "everything" if results["extent"] == "full" else "a sample, chosen by the date"
    lines += ["", f"{extent[0].upper()}{extent[1:]}. Of {len(results['bugs'])} bugs planted in copies "
              f"of the kernels ({', '.join(bug['bug'] for bug in results['bugs'])}), Oclgrind "
              f"reported {caught}."]
    return "\n".join(lines)


def main():
    bugs = [Bug.read(path) for path in sorted((HERE / "bugs").glob("*.patch"))]
    names = [item.name for item in IMPLEMENTATIONS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widecl", type=pathlib.Path, required=True)
    parser.add_argument("--full", action="store_true", help="everything, not a sample")
    parser.add_argument("--seed", type=int, help="chooses the sample; by default the date")
    parser.add_argument("--only", nargs="*", choices=names, default=names)
    parser.add_argument("--op", help="a part of operations' names")
    parser.add_argument("--largest", help="operations or bytes that a problem has at most")
    parser.add_argument("--bugs", nargs="*", choices=[bug.name for bug in bugs],
                        default=[bug.name for bug in bugs])
    parser.add_argument("--output", type=pathlib.Path, help="results.json")
    parser.add_argument("--readme", type=pathlib.Path)
    options = parser.parse_args()
    options.widecl = options.widecl.resolve()
    options.date = datetime.date.today()
    if options.seed is None:
        options.seed = options.date.toordinal()
    print(f"seed {options.seed}", flush=True)
    chosen = [item for item in IMPLEMENTATIONS if item.name in options.only]
    missing = [item.name for item in chosen if not item.is_installed]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; portability/setup installs them")
    # Compiling kernels takes most of the time, and one core: one run a core, none of which shares a
    # folder.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = {
            "extent": "full" if options.full else "sample",
            "seed": options.seed,
            "implementations": list(pool.map(lambda item: run_implementation(item, options),
                                             chosen)),
            "bugs": list(pool.map(lambda bug: run_bug(bug, options),
                                  [bug for bug in bugs if bug.name in options.bugs])),
        }
    if options.output:
        options.output.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    if options.readme:
        insert(options.readme, "tested on", table(results))
    wrong = sum(bool(row["failures"]) for row in results["implementations"])
    missed = sum(not bug["caught"] for bug in results["bugs"])
    print(f"{wrong} of {len(chosen)} implementations with failures, "
          f"{len(results['bugs']) - missed} of {len(results['bugs'])} bugs caught")
    sys.exit(1 if wrong or missed else 0)


if __name__ == "__main__":
    main()
