"""Compares WideCL and PyTorch, in turns, on this machine: training steps and inference.

    python compare.py --widecl PATH [--networks wrn-16-4 ...] [--rounds 5] [--output results]

Every measurement is a process of its own. First each of PyTorch's modes runs once, and the fastest
is the opponent, and WideCL once, so that its kernels are compiled; then both run in turns. Of each
round the ratio of the two medians is taken, and of the rounds the median; beside it stands the ratio
of the fastest steps of all rounds, which a neighbour's load disturbs least. Inference (evaluation
mode, no gradients) is compared in the same way for fewer networks, and WideCL's training step is
measured at several batch sizes. Writes steps.json, inference.json, batches.json and steps.svg into
the device's folder and prints tables in Markdown; `--page` puts those of all devices there are into
a file between its two markers, `--readme` a table with a column a processor into another. `--avx2`
lets both sides use no more than AVX2, for a column of such a processor where none is at hand.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

import pytorch_step

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "scripts"))
from documents import insert  # noqa: E402

NETWORKS = ("wrn-28-10", "wrn-16-10", "wrn-40-4", "wrn-16-4", "wrn-16-1")
# What a step's ratio must reach and what it aims at, by the vectors of the processor.
GOALS = {
    "AVX-512": {"wrn-28-10": (0.36, 0.30), "wrn-16-10": (0.40, 0.33), "wrn-40-4": (0.38, 0.32),
                "wrn-16-4": (0.40, 0.33), "wrn-16-1": (0.50, 0.40)},
    "AVX2": {"wrn-28-10": (0.45, 0.33), "wrn-16-10": (0.45, 0.36), "wrn-40-4": (0.45, 0.36),
             "wrn-16-4": (0.45, 0.36), "wrn-16-1": (0.55, 0.45)},
}
INFERENCE_GOALS = {"AVX-512": (0.35, 0.30), "AVX2": (0.42, 0.33)}
# Both sides as on a processor with AVX2: pocl compiles for one, PyTorch and its libraries use no more.
AVX2 = {"POCL_LLVM_CPU_NAME": "haswell", "POCL_KERNELLIB_NAME": "avx2",
        "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
INFERENCE_NETWORKS = ("wrn-28-10", "wrn-16-4")
BATCHES, BATCHES_NETWORK = (16, 32, 64, 128), "wrn-16-4"


def run(command):
    """The JSON that a command prints, and the most memory its process held."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    if status != 0:
        return None
    result = json.loads(output)
    result["peak_process_bytes"] = 1024 * usage.ru_maxrss
    return result


def opponent(network, mode, options, inference):
    return run([sys.executable, HERE / "pytorch_step.py", network, "--batch", str(options.batch),
                "--steps", str(options.steps), "--mode", mode]
               + ["--inference"] * inference)


def ours(network, options, inference=False, batch=None):
    return run([options.widecl, "bench", "step", network, "--batch", str(batch or options.batch),
                "--steps", str(options.steps), "--no-tune", "--json"]
               + ["--inference"] * inference)


def compare(network, options, inference=False):
    probes = {mode: opponent(network, mode, options, inference) for mode in options.modes}
    probes = {mode: probe for mode, probe in probes.items() if probe}
    mode = min(probes, key=lambda mode: probes[mode]["min_s"])
    # WideCL's own first run: it compiles the kernels, which the later ones find in the cache.
    ours(network, options, inference)
    rounds = []
    for number in range(options.rounds):
        pair = [ours(network, options, inference), opponent(network, mode, options, inference)]
        if None in pair:
            raise SystemExit(f"{network}: a measurement failed")
        rounds.append(pair)
        print(f"{network}{' inference' * inference} round {number + 1}: WideCL {pair[0]['median_s']:.4f} s, PyTorch {mode} "
              f"{pair[1]['median_s']:.4f} s, ratio {pair[0]['median_s'] / pair[1]['median_s']:.3f}",
              file=sys.stderr, flush=True)
    ratios = sorted(mine["median_s"] / other["median_s"] for mine, other in rounds)
    return {
        "network": network, "batch": options.batch, "mode": mode, "rounds": len(rounds),
        "modes": {mode: probe["median_s"] for mode, probe in probes.items()},
        "widecl_s": statistics.median(mine["median_s"] for mine, _ in rounds),
        "pytorch_s": statistics.median(other["median_s"] for _, other in rounds),
        "widecl_fastest_s": min(mine["min_s"] for mine, _ in rounds),
        "pytorch_fastest_s": min(
            [other["min_s"] for _, other in rounds] + [probe["min_s"] for probe in probes.values()]),
        "ratio": statistics.median(ratios), "lowest_ratio": ratios[0], "highest_ratio": ratios[-1],
        "widecl_peak_bytes": max(mine["peak_process_bytes"] for mine, _ in rounds),
        "pytorch_peak_bytes": max(other["peak_process_bytes"] for _, other in rounds),
        "device": rounds[0][0]["device"], "model": model(rounds[0][0]["device"]), "torch": rounds[0][1]["torch"],
        "date": datetime.date.today().isoformat(), "is_emulated": options.avx2,
    }


def model(device):
    """Family and model of the processor that a CPU device is; drivers name several generations alike."""
    if not device.startswith("pthread-"):
        return ""
    text = pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    facts = dict(re.findall(r"^(.*?)\s*: (.*)$", text, re.MULTILINE))
    return " ".join(f"{key.split()[-1]} {facts[key]}" for key in ("cpu family", "model") if key in facts)


def vectors(row):
    """The vectors that a row's device computes with, as far as pocl's names tell."""
    return ("AVX-512" if "avx512" in row["device"] or "icelake" in row["device"]
            else "AVX2" if row["device"].startswith("pthread-") else None)


def processor(row):
    """A row's vectors and processor, short enough for the head of a column."""
    name = re.sub(r"^pthread-[a-z0-9-]*-(?=[A-Z])", "", row["device"])
    name = re.sub(r"\(R\)|\(TM\)| Processor", "", name)
    return ", ".join(part for part in (vectors(row), name, row.get("model")) if part)


def goals(row, inference=False):
    """What a row's ratio must reach and what it aims at; nothing for others than the goals name."""
    name = vectors(row)
    if inference:
        return INFERENCE_GOALS.get(name, (None, None))
    return GOALS.get(name, {}).get(row["network"], (None, None))


def batches(options):
    """WideCL's training step at several batch sizes: the best of two runs each, in turns."""
    rows = {batch: [] for batch in BATCHES}
    for _ in range(2):
        for batch in BATCHES:
            result = ours(BATCHES_NETWORK, options, batch=batch)
            if result is None:
                raise SystemExit(f"{BATCHES_NETWORK}, batch {batch}: the measurement failed")
            rows[batch].append(result["median_s"])
    return {"network": BATCHES_NETWORK,
            "steps": [{"batch": batch, "median_s": min(times)} for batch, times in rows.items()]}


def batches_sentence(result):
    steps = result["steps"]
    times = ", ".join(f"{step['batch']}: {1e3 * step['median_s']:.0f} ms" for step in steps)
    grown = steps[-1]["median_s"] / steps[0]["median_s"]
    return (f"{result['network'].upper()}'s step by batch size: {times}; from batch "
            f"{steps[0]['batch']} to {steps[-1]['batch']} the time grows {grown:.1f} times, the batch "
            f"{steps[-1]['batch'] / steps[0]['batch']:.0f} times.")


def table(results, what, inference=False):
    lines = [
        f"| Network, batch {results[0]['batch']}, {what} | WideCL | PyTorch, best mode "
        "| Ratio (lowest to highest) | Fastest steps | Goal, aim | Memory, WideCL / PyTorch |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in results:
        lines.append(
            f"| {row['network'].upper()} | {1e3 * row['widecl_s']:.0f} ms "
            f"| {1e3 * row['pytorch_s']:.0f} ms, {row['mode']} "
            f"| **{row['ratio']:.2f}** ({row['lowest_ratio']:.2f} to {row['highest_ratio']:.2f}) "
            f"| {1e3 * row['widecl_fastest_s']:.0f} / {1e3 * row['pytorch_fastest_s']:.0f} ms = "
            f"**{row['widecl_fastest_s'] / row['pytorch_fastest_s']:.2f}** "
            f"| {', '.join(f'{goal:.2f}' if goal else '-' for goal in goals(row, inference))} "
            f"| {row['widecl_peak_bytes'] >> 20} / {row['pytorch_peak_bytes'] >> 20} MiB = "
            f"{row['widecl_peak_bytes'] / row['pytorch_peak_bytes']:.2f} |")
    return "\n".join(lines)


def plot(results):
    """Bars of the ratios as SVG; 1 is PyTorch's time."""
    height, left, scale = 34 * len(results) + 50, 110, 420
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + scale + 90}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{left}" y="18">Fastest training step, PyTorch = 1; the mark is the goal</text>',
    ]
    for index, row in enumerate(results):
        y = 30 + 34 * index
        ratio = row["widecl_fastest_s"] / row["pytorch_fastest_s"]
        width = scale * min(ratio, 1.2) / 1.2
        parts += [
            f'<text x="{left - 8}" y="{y + 17}" text-anchor="end">{row["network"]}</text>',
            f'<rect x="{left}" y="{y}" width="{width:.1f}" height="24" fill="#3b7dd8"/>',
            f'<text x="{left + width + 6:.1f}" y="{y + 17}">{ratio:.2f}</text>',
        ]
        must_reach, _ = goals(row)
        if must_reach:
            x = left + scale * must_reach / 1.2
            parts.append(
                f'<line x1="{x:.1f}" y1="{y - 3}" x2="{x:.1f}" y2="{y + 27}" stroke="#c33"/>')
    x = left + scale / 1.2
    parts.append(f'<line x1="{x:.1f}" y1="26" x2="{x:.1f}" y2="{height - 18}" stroke="#555" '
                 'stroke-dasharray="4 3"/>')
    parts.append(f'<text x="{x:.1f}" y="{height - 4}" text-anchor="middle">PyTorch</text></svg>')
    return "\n".join(parts) + "\n"


def read(path):
    return json.loads(path.read_text()) if path.exists() else []


def title(row):
    """A device's name with what its figures stand for."""
    emulated = ", by emulation: both sides were kept from using more" * row.get("is_emulated", False)
    kind = f", {row['model']}" if row.get("model") else ""
    return f"{vectors(row) or row['device']} ({row['device']}{kind}{emulated})"


def page_of(folder):
    """All tables of a device."""
    steps, inference = read(folder / "steps.json"), read(folder / "inference.json")
    growth = read(folder / "batches.json")
    parts = [f"**{title(steps[0])}**", table(steps, "a training step")]
    parts += [table(inference, "inference", inference=True)] if inference else []
    parts += [batches_sentence(growth)] if growth else []
    parts += [f"PyTorch {steps[0]['torch']}, {steps[0]['rounds']} rounds in turns, {steps[0]['date']}."]
    return "\n\n".join(parts)


def overview(folders):
    """A table of the steps' ratios with a column a processor."""
    devices = [{row["network"]: row for row in read(folder / "steps.json")} for folder in folders]
    heads = [next(iter(rows.values())) for rows in devices]
    lines = ["| Training step, batch 32 | " + " | ".join(
                 f"{processor(row)}{' (emulated)' * row.get('is_emulated', False)}"
                 for row in heads) + " |",
             "|---" * (1 + len(heads)) + "|"]
    for network in NETWORKS:
        cells = [f"**{rows[network]['ratio']:.2f}** ({1e3 * rows[network]['widecl_s']:.0f} of "
                 f"{1e3 * rows[network]['pytorch_s']:.0f} ms)" if network in rows else "-"
                 for rows in devices]
        lines.append(f"| {network.upper()} | " + " | ".join(cells) + " |")
    notes = "; ".join(f"{title(row)}, {row['date']}" for row in heads)
    return "\n".join(lines) + f"\n\nOf PyTorch {heads[0]['torch']}'s best mode, in turns. {notes}."


def slug(device):
    """A device's name as a folder's."""
    return re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")


def write(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widecl", required=True, help="the built command")
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--modes", nargs="+", default=pytorch_step.MODES,
                        choices=pytorch_step.MODES)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--readme", type=pathlib.Path, help="gets the table of steps")
    parser.add_argument("--page", type=pathlib.Path, help="gets all tables")
    parser.add_argument("--avx2", action="store_true", help="let both sides use no more than AVX2")
    parser.add_argument("--inference-networks", nargs="*", default=INFERENCE_NETWORKS)
    options = parser.parse_args()
    os.environ.update(AVX2 if options.avx2 else {})

    results, inference = [], []
    for network in options.networks:
        results.append(compare(network, options))
        folder = options.output / slug(f"{results[0]['device']} {results[0]['model']}")
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / "steps.json", results)
        (folder / "steps.svg").write_text(plot(results))
    for network in options.inference_networks:
        inference.append(compare(network, options, inference=True))
        write(folder / "inference.json", inference)
    growth = batches(options)
    write(folder / "batches.json", growth)
    print(page_of(folder))
    if options.readme and options.page:
        folders = sorted(path.parent for path in options.output.glob("*/steps.json"))
        insert(options.readme, "steps", overview(folders))
        insert(options.page, "numbers", "\n\n".join(page_of(path) for path in folders))


if __name__ == "__main__":
    main()
