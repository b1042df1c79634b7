"""Runs the conformance tests on several OpenCL implementations, and plants bugs to see them caught.

    python run.py --widecl PATH [--full] [--seed N] [--output FILE] [--page FILE]
    python run.py --widecl PATH --only Oclgrind --op sgd --largest 3e3 --bugs missing-barrier
    python run.py --widecl PATH --only --other-code --full --op augment --bugs

Each implementation runs `widecl verify` in processes of its own, with no other driver in sight and
with empty caches. Oclgrind also checks every memory access for races, divergence, bounds and
uninitialised values; its log must stay empty. Each patch in bugs/ is then applied to a copy of the
kernels, where Oclgrind must report it. By default a sample is checked, which the commit chooses
(scripts/test-seed); --full checks everything. Writes the results as JSON and, between two markers, as
a table into `--page`; what does not run, such as code for AVX-512 on a processor without it, keeps
its last result there. Exit status 1: something is wrong.
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
from documents import insert  # noqa: E402

from implementations import IMPLEMENTATIONS, POCL_CODE, PROCESSOR  # noqa: E402

KERNELS = HERE.parent / "Kernels"
TEST_SEED = HERE.parent / "scripts" / "test-seed"
# CLBlast's product alone compiles for half a minute, and longer beside other work.
OPTIONS = ("--json", "--timeout", "5m")
OCLGRIND_OPTIONS = ("--bare-buffers", "--timeout", "30m")


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
        # Neither what the user has tuned or set nor what another way of compiling left is in the way.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("POCL_")}
        environment |= dict(implementation.environment,
                            OCL_ICD_VENDORS=str(vendors), XDG_CACHE_HOME=str(folder / "cache"),
                            POCL_CACHE_DIR=str(folder / "pocl"))
        (folder / "pocl").mkdir()
        environment.pop("WIDECL_DEVICE", None)
        environment.pop("WIDECL_KERNELS", None)
        if kernels:
            environment["WIDECL_KERNELS"] = str(kernels)
        log = folder / "log"
        command = [str(widecl), "verify", *OPTIONS, *arguments]
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
        "processor": PROCESSOR,
        "date": datetime.date.today().isoformat(),
        "extent": "all" if options.full else "a sample",
        "seed": options.seed,
        "arguments": list(arguments),
        "cases": sum(outcome.report["checks"] for outcome in outcomes if outcome.report),
        "failures": [failure for outcome in outcomes for failure in outcome.failures],
        "seconds": round(time.monotonic() - begin),
    }
    if report and not report["device"].startswith(implementation.device):
        row["failures"].append(f"ran on {report['device']}, not on {implementation.device}...")
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


def merged(last, new, kind, names):
    """The rows by the order of their names: the new ones, and the last ones of what did not run."""
    rows = {row[kind]: row for row in [*last, *new]}
    return [rows[name] for name in names if name in rows]


def table(results):
    lines = ["| Implementation | Version | Processor | Date | Configurations × problems "
             "| Wrong or reported |", "|---|---|---|---|---|---|"]
    for row in results["implementations"]:
        lines.append(f"| {row['implementation']} | {row['version']} | {row['processor']} | "
                     f"{row['date']} | {row['cases']}, {row['extent']} | "
                     f"{len(row['failures'])} |")
    caught = sum(bug["caught"] for bug in results["bugs"])
    lines += ["", f"Of {len(results['bugs'])} bugs planted in copies "
              f"of the kernels ({', '.join(bug['bug'] for bug in results['bugs'])}), Oclgrind "
              f"reported {caught}."]
    return "\n".join(lines)


def main():
    bugs = [Bug.read(path) for path in sorted((HERE / "bugs").glob("*.patch"))]
    names, bug_names = [item.name for item in IMPLEMENTATIONS], [bug.name for bug in bugs]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widecl", type=pathlib.Path, required=True)
    parser.add_argument("--full", action="store_true", help="everything, not a sample")
    parser.add_argument("--seed", type=int, help="chooses the sample; by default the commit")
    parser.add_argument("--only", nargs="*", choices=names, default=names)
    parser.add_argument("--other-code", action="store_true",
                        help="also pocl's code for an older processor")
    parser.add_argument("--op", help="a part of operations' names")
    parser.add_argument("--largest", help="operations or bytes that a problem has at most")
    parser.add_argument("--bugs", nargs="*", choices=bug_names, default=bug_names)
    parser.add_argument("--output", type=pathlib.Path, help="results.json")
    parser.add_argument("--page", type=pathlib.Path)
    options = parser.parse_args()
    options.widecl = options.widecl.resolve()
    if options.seed is None:
        options.seed = int(subprocess.check_output([TEST_SEED]))
    print(f"seed {options.seed}", flush=True)
    chosen = [item for item in IMPLEMENTATIONS if item.name in options.only]
    if options.other_code:
        other = [item for item in POCL_CODE if not item.missing_flags][1:2]
        chosen += [item for item in other if item not in chosen]
    for item in chosen:
        if item.missing_flags:
            print(f"{item.name}: not here, {PROCESSOR} has no {' '.join(item.missing_flags)}")
    chosen = [item for item in chosen if not item.missing_flags]
    missing = [item.name for item in chosen if not item.is_installed]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; portability/setup installs them")
    # Compiling kernels takes most of the time, and one core: one run a core, none of which shares a
    # folder.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(lambda item: run_implementation(item, options), chosen))
        bug_rows = list(pool.map(lambda bug: run_bug(bug, options),
                                 [bug for bug in bugs if bug.name in options.bugs]))
    last = {"implementations": [], "bugs": []}
    if options.output and options.output.exists():
        last = json.loads(options.output.read_text())
    results = {
        "implementations": merged(last["implementations"], rows, "implementation", names),
        "bugs": merged(last["bugs"], bug_rows, "bug", bug_names),
    }
    if options.output:
        options.output.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    if options.page:
        insert(options.page, "tested on", table(results))
    wrong = sum(bool(row["failures"]) for row in rows)
    missed = sum(not row["caught"] for row in bug_rows)
    print(f"{wrong} of {len(rows)} implementations with failures, "
          f"{len(bug_rows) - missed} of {len(bug_rows)} bugs caught")
    sys.exit(1 if wrong or missed else 0)


if __name__ == "__main__":
    main()
