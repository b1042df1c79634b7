"""Compares training steps of WideCL and PyTorch, in turns, on this machine.

    python compare.py --widecl PATH [--networks wrn-16-4 ...] [--rounds 5] [--output results]

Every measurement is a process of its own. First each of PyTorch's modes runs once, and the fastest
is the opponent; then WideCL and it run in turns. Of each round the ratio of the two medians is
taken, and of the rounds the median; beside it stands the ratio of the fastest steps of all rounds,
which a neighbour's load disturbs least. Writes steps.json and steps.svg into the output folder and
prints a table in Markdown; `--readme` puts the table into a file between its two markers.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import pytorch_step

HERE = pathlib.Path(__file__).parent
NETWORKS = ("wrn-28-10", "wrn-16-10", "wrn-40-4", "wrn-16-4", "wrn-16-1")
MUST = {"wrn-28-10": 0.50, "wrn-16-10": 0.50, "wrn-40-4": 0.60, "wrn-16-4": 0.60, "wrn-16-1": 1.00}
BEGIN, END = "<!-- numbers: begin -->", "<!-- numbers: end -->"


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


def opponent(network, mode, options):
    return run([sys.executable, HERE / "pytorch_step.py", network, "--batch", str(options.batch),
                "--steps", str(options.steps), "--mode", mode])


def ours(network, options):
    return run([options.widecl, "bench", "step", network, "--batch", str(options.batch),
                "--steps", str(options.steps), "--no-tune", "--json"])


def compare(network, options):
    probes = {mode: opponent(network, mode, options) for mode in options.modes}
    probes = {mode: probe for mode, probe in probes.items() if probe}
    mode = min(probes, key=lambda mode: probes[mode]["min_s"])
    rounds = []
    for number in range(options.rounds):
        pair = [ours(network, options), opponent(network, mode, options)]
        if None in pair:
            raise SystemExit(f"{network}: a measurement failed")
        rounds.append(pair)
        print(f"{network} round {number + 1}: WideCL {pair[0]['median_s']:.4f} s, PyTorch {mode} "
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
        "device": rounds[0][0]["device"], "torch": rounds[0][1]["torch"],
        "must_reach": MUST.get(network),
    }


def table(results):
    lines = [
        f"| Network, batch {results[0]['batch']}, a training step | WideCL | PyTorch, best mode "
        "| Ratio (lowest to highest) | Fastest steps | Goal | Memory, WideCL / PyTorch |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in results:
        lines.append(
            f"| {row['network'].upper()} | {1e3 * row['widecl_s']:.0f} ms "
            f"| {1e3 * row['pytorch_s']:.0f} ms, {row['mode']} "
            f"| **{row['ratio']:.2f}** ({row['lowest_ratio']:.2f} to {row['highest_ratio']:.2f}) "
            f"| {1e3 * row['widecl_fastest_s']:.0f} / {1e3 * row['pytorch_fastest_s']:.0f} ms = "
            f"**{row['widecl_fastest_s'] / row['pytorch_fastest_s']:.2f}** "
            f"| {row['must_reach'] or '-'} "
            f"| {row['widecl_peak_bytes'] >> 20} / {row['pytorch_peak_bytes'] >> 20} MiB |")
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
        if row["must_reach"]:
            x = left + scale * row["must_reach"] / 1.2
            parts.append(
                f'<line x1="{x:.1f}" y1="{y - 3}" x2="{x:.1f}" y2="{y + 27}" stroke="#c33"/>')
    x = left + scale / 1.2
    parts.append(f'<line x1="{x:.1f}" y1="26" x2="{x:.1f}" y2="{height - 18}" stroke="#555" '
                 'stroke-dasharray="4 3"/>')
    parts.append(f'<text x="{x:.1f}" y="{height - 4}" text-anchor="middle">PyTorch</text></svg>')
    return "\n".join(parts) + "\n"


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
    parser.add_argument("--readme", type=pathlib.Path)
    options = parser.parse_args()
    results = []
    for network in options.networks:
        results.append(compare(network, options))
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "steps.json").write_text(json.dumps(results, indent=1) + "\n")
        (options.output / "steps.svg").write_text(plot(results))
    text = table(results)
    print(text)
    if options.readme:
        readme = options.readme.read_text()
        before, rest = readme.split(BEGIN)
        after = rest.split(END)[1]
        note = (f"Device {results[0]['device']}, PyTorch {results[0]['torch']}, "
                f"{results[0]['rounds']} rounds in turns.")
        options.readme.write_text(f"{before}{BEGIN}\n{text}\n\n{note}\n{END}{after}")


if __name__ == "__main__":
    main()
