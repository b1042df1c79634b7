"""Measures what tuning per device and per width is worth.

    python transfer.py --widecl PATH --intel FILE [--rounds 3] [--output results]

Per device: pocl and Intel's OpenCL runtime for CPUs, on the same processor, each with its own tuning
results, with the other's, and with the defaults. FILE is libintelocl.so of the PyPI package
intel-opencl-rt (which also needs intel-cmplr-lib-rt). Per width: networks on pocl with the
convolutions' results of another width only. Every measurement is a process of its own; the settings
take turns, and the median of the rounds' medians counts. Writes transfer.json into the device's
folder and prints two tables in Markdown; `--page` puts them into a file between its two markers.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

from compare import HERE, insert, slug, write

SHIPPED = HERE.parent / "Kernels" / "tuned" / "pocl-avx512.json"
NETWORK = "wrn-16-4"
WIDTHS = {"wrn-16-1": ("wrn-16-4", "wrn-16-10"), "wrn-16-4": ("wrn-16-1", "wrn-16-10"),
          "wrn-16-10": ("wrn-16-1", "wrn-16-4")}


class Runner:
    """The command with one implementation of OpenCL and a cache of its own."""

    def __init__(self, widecl, folder, library=None):
        self.widecl = widecl
        self.environment = dict(os.environ, XDG_CACHE_HOME=str(folder / "cache"))
        if library:
            vendors = folder / "vendors"
            vendors.mkdir(parents=True)
            (vendors / "intel.icd").write_text(f"{library}\n")
            self.environment["OCL_ICD_VENDORS"] = str(vendors)

    def run(self, *arguments):
        return subprocess.run([self.widecl, *arguments], check=True, text=True,
                              stdout=subprocess.PIPE, env=self.environment).stdout

    def step(self, network, tuning, steps):
        result = json.loads(self.run("bench", "step", network, "--batch", "32", "--steps",
                                     str(steps), "--no-tune", "--tuning", tuning, "--json"))
        return result["median_s"], result["device"]


def results_of_width(width, path):
    """A file of the shipped results whose convolutions have one width's channels only."""
    channels = {base * width for base in (16, 32, 64)}
    database = json.loads(SHIPPED.read_text())

    def belongs(entry):
        shape = entry["problem"].get("shape")
        return shape is None or {shape["inChannels"], shape["outChannels"]} <= channels

    for device in database["devices"]:
        device["entries"] = [entry for entry in device["entries"] if belongs(entry)]
    path.write_text(json.dumps(database))
    return str(path)


def as_if_of(device, database, path):
    """A file of another device's results under this device's name, which else refuses them."""
    entries = [entry for other in database["devices"] for entry in other["entries"]]
    path.write_text(json.dumps({**database, "devices": [{**device, "entries": entries}]}))
    return str(path)


def alternate(settings, rounds):
    """The median over `rounds` of each setting's measurement, all settings in turns."""
    times = {name: [] for name in settings}
    for _ in range(rounds):
        for name, measure in settings.items():
            times[name].append(measure())
            print(f"{' / '.join(name)}: {times[name][-1]:.4f} s", flush=True)
    return {name: statistics.median(values) for name, values in times.items()}


def table(title, times):
    rows = {}
    for (row, column), seconds in times.items():
        rows.setdefault(row, {})[column] = seconds
    lines = [f"| {title} | its own results | others, of its own time | defaults, of its own time |",
             "|---|---|---|---|"]
    for row, columns in rows.items():
        own = columns["own"]
        others = ", ".join(f"{name}: {seconds / own:.2f}" for name, seconds in columns.items()
                           if name not in ("own", "defaults"))
        lines.append(f"| {row} | {1e3 * own:.1f} ms | {others} | {columns['defaults'] / own:.2f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widecl", required=True, help="the built command")
    parser.add_argument("--intel", required=True, type=pathlib.Path, help="libintelocl.so")
    parser.add_argument("--budget", default="6m", help="of the tuning on Intel's runtime")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--page", type=pathlib.Path)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pocl = Runner(options.widecl, folder / "pocl")
        intel = Runner(options.widecl, folder / "intel", options.intel.resolve())
        intel.run("tune", NETWORK, "--budget", options.budget)
        theirs = folder / "intel.json"
        intel.run("tune", "--export", str(theirs))

        of_pocl, of_intel = json.loads(SHIPPED.read_text()), json.loads(theirs.read_text())
        for_pocl = as_if_of(of_pocl["devices"][0], of_intel, folder / "intel-for-pocl.json")
        for_intel = as_if_of(of_intel["devices"][0], of_pocl, folder / "pocl-for-intel.json")

        def step(runner, network, tuning):
            return lambda: runner.step(network, tuning, options.steps)[0]

        devices = alternate({
            ("pocl", "own"): step(pocl, NETWORK, str(SHIPPED)),
            ("pocl", "Intel's"): step(pocl, NETWORK, for_pocl),
            ("pocl", "defaults"): step(pocl, NETWORK, "none"),
            ("Intel's runtime", "own"): step(intel, NETWORK, str(theirs)),
            ("Intel's runtime", "pocl's"): step(intel, NETWORK, for_intel),
            ("Intel's runtime", "defaults"): step(intel, NETWORK, "none"),
        }, options.rounds)
        settings = {}
        for network, others in WIDTHS.items():
            settings[(network, "own")] = step(pocl, network, str(SHIPPED))
            for other in others:
                path = results_of_width(int(other.split("-")[2]), folder / f"{other}.json")
                settings[(network, f"{other}'s")] = step(pocl, network, path)
            settings[(network, "defaults")] = step(pocl, network, "none")
        widths = alternate(settings, options.rounds)
        device = pocl.step("wrn-10-1", "none", 1)[1]

    output = options.output / slug(device)
    output.mkdir(parents=True, exist_ok=True)
    write(output / "transfer.json", {
        kind: [{"of": of, "results": results, "median_s": seconds}
               for (of, results), seconds in times.items()]
        for kind, times in (("devices", devices), ("widths", widths))})
    text = (table(f"A training step of {NETWORK.upper()}, batch 32, on", devices) + "\n\n"
            + table("A training step on pocl, batch 32, of", widths))
    print(text)
    if options.page:
        insert(options.page, "transfer", text)


if __name__ == "__main__":
    main()
