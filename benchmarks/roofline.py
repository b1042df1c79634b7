"""Draws each convolution's passes in a training step against the device's measured peaks.

    python roofline.py --widecl PATH [--networks wrn-28-10 ...] [--batch 32] [--output results]

Takes the numbers of `widecl bench layers --json`, of the first network writes roofline.json and
roofline.svg into the device's folder; prints where a step's time goes, and how far that is from the
roofs, in Markdown, and `--page` puts that into a file between its two markers. A point's height is
the direct algorithm's arithmetic over the time: Winograd's F(4x4, 3x3) makes a quarter of the
multiplications, so its own roof lies four times as high.
"""

import argparse
import json
import math
import pathlib
import subprocess

from compare import HERE, NETWORKS, insert, slug, write

COLOURS = {"forward": "#3b7dd8", "backward_data": "#d8823b", "backward_filter": "#3b9d58"}
WIDTH, HEIGHT, LEFT, BOTTOM = 720, 440, 70, 50


def plot(report):
    rows = [row for row in report["rows"] if row["operation"].startswith("conv2d_")]
    gflops, gbs = report["peak_gflops"], report["peak_gbs"]
    intensities = [row["gflops"] / row["gbs"] for row in rows]
    low, high = min(intensities + [gflops / gbs]) / 2, max(intensities) * 2
    bottom, top = min(row["gflops"] for row in rows) / 2, 4 * gflops * 1.5

    def x(value):
        return LEFT + (WIDTH - LEFT - 20) * math.log(value / low) / math.log(high / low)

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 40) * math.log(value / bottom) / math.log(
            top / bottom)

    def roof(factor, dashes):
        ridge = factor * gflops / gbs
        points = [(low, low * gbs)] if low < ridge else []
        points += [(max(low, ridge), factor * gflops), (high, factor * gflops)]
        text = " ".join(f"{x(a):.1f},{y(max(b, bottom)):.1f}" for a, b in points)
        return (f'<polyline points="{text}" fill="none" stroke="#555" stroke-width="1.5"'
                f'{dashes}/>')

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="16" font-size="13">{report["model"]}, batch {report["batch"]}: '
        f'convolutions under {gflops:.0f} GFLOP/s and {gbs:.0f} GB/s</text>',
        roof(1, ""), roof(4, ' stroke-dasharray="5 4"'),
        f'<text x="{WIDTH - 24}" y="{y(4 * gflops) - 6:.1f}" text-anchor="end">peak x 4: '
        'F(4x4, 3x3)</text>',
        f'<text x="{WIDTH - 24}" y="{y(gflops) - 6:.1f}" text-anchor="end">measured peak</text>',
    ]
    for decade in range(math.floor(math.log10(bottom)), math.ceil(math.log10(top)) + 1):
        for step in (1, 2, 5):
            value = step * 10 ** decade
            if bottom <= value <= top:
                parts.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">'
                             f'{value:g}</text>')
    for decade in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for step in (1, 2, 5):
            value = step * 10 ** decade
            if low <= value <= high:
                parts.append(f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" '
                             f'text-anchor="middle">{value:g}</text>')
    parts += [
        f'<line x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{WIDTH - 20}" y2="{HEIGHT - BOTTOM}" '
        'stroke="#999"/>',
        f'<line x1="{LEFT}" y1="40" x2="{LEFT}" y2="{HEIGHT - BOTTOM}" stroke="#999"/>',
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        'FLOP per byte that must move</text>',
        f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">GFLOP/s of '
        'the direct algorithm</text>',
    ]
    for row, intensity in zip(rows, intensities):
        parts.append(
            f'<circle cx="{x(intensity):.1f}" cy="{y(row["gflops"]):.1f}" '
            f'r="4" fill="{COLOURS[row["pass"]]}" fill-opacity="0.7"><title>{row["layer"]} '
            f'{row["pass"]}: {row["gflops"]:.0f} GFLOP/s, {row["configuration"]}</title></circle>')
    for index, (name, colour) in enumerate(COLOURS.items()):
        left = LEFT + 16 + 130 * index
        parts.append(f'<circle cx="{left}" cy="52" r="4" fill="{colour}"/>'
                     f'<text x="{left + 9}" y="56">{name.replace("_", " ")}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def is_winograd(row):
    return row["configuration"].startswith("winograd")


def kinds_of_work(report, kind):
    """Milliseconds, GFLOP and GB of a step's rows, by the kind that a function gives them."""
    kinds = {}
    for row in report["rows"]:
        sums = kinds.setdefault(kind(row), {"ms": 0.0, "gflop": 0.0, "gb": 0.0})
        sums["ms"] += row["ms"]
        sums["gflop"] += row["gflops"] * row["ms"] * 1e-3
        sums["gb"] += row["gbs"] * row["ms"] * 1e-3
    return kinds


def work(report):
    """Where the time of a network's step goes."""
    def kind(row):
        if not row["operation"].startswith("conv2d_"):
            return row["operation"]
        algorithm = "Winograd" if is_winograd(row) else "direct or im2col"
        return f"convolutions, {algorithm}, {row['pass'].replace('_', ' ')}"

    kinds = kinds_of_work(report, kind)
    total = sum(sums["ms"] for sums in kinds.values())
    lines = [
        f"| {report['model'].upper()}, batch {report['batch']}: work | ms | of the step "
        "| GFLOP/s, of the peak | GB/s, of the peak |",
        "|---|---|---|---|---|",
    ]
    for name, sums in sorted(kinds.items(), key=lambda item: -item[1]["ms"]):
        if sums["ms"] < 0.01 * total:
            continue
        seconds = sums["ms"] * 1e-3
        gflops, gbs = sums["gflop"] / seconds, sums["gb"] / seconds
        lines.append(
            f"| {name} | {sums['ms']:.1f} | {100 * sums['ms'] / total:.0f} % "
            f"| {gflops:.0f}, {100 * gflops / report['peak_gflops']:.0f} % "
            f"| {gbs:.1f}, {100 * gbs / report['peak_gbs']:.0f} % |")
    return "\n".join(lines)


def limits(reports):
    """How far each network's step is from the roofs, by what bounds its parts."""
    lines = [
        "| Step, batch 32 | Winograd: of the step, of 4 x peak | other convolutions: of the step, "
        "of the peak | the rest: of the step, of the peak GB/s | every part at its roof |",
        "|---|---|---|---|---|",
    ]
    for report in reports:
        kinds = kinds_of_work(report, lambda row: (
            "winograd" if is_winograd(row) else
            "direct" if row["operation"].startswith("conv2d_") else "rest"))
        total = sum(sums["ms"] for sums in kinds.values())
        cells, bound = [], 0
        for name, amount, roof in (("winograd", "gflop", 4 * report["peak_gflops"]),
                                   ("direct", "gflop", report["peak_gflops"]),
                                   ("rest", "gb", report["peak_gbs"])):
            sums = kinds.get(name, {"ms": 0, amount: 0})
            least = 1e3 * sums[amount] / roof
            bound += least
            cells.append(f"{100 * sums['ms'] / total:.0f} %, {100 * least / sums['ms']:.0f} %"
                         if sums["ms"] else "none")
        lines.append(f"| {report['model'].upper()} | " + " | ".join(cells)
                     + f" | {bound:.0f} of {total:.0f} ms |")
    return "\n".join(lines)


def measure(network, options):
    return json.loads(subprocess.run(
        [options.widecl, "bench", "layers", network, "--batch", str(options.batch), "--no-tune",
         "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widecl", required=True, help="the built command")
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--page", type=pathlib.Path)
    options = parser.parse_args()
    reports = [measure(network, options) for network in options.networks]
    report = reports[0]
    folder = options.output / slug(report["device"])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "roofline.json", report)
    (folder / "roofline.svg").write_text(plot(report))
    text = limits(reports) + "\n\n" + work(report)
    print(text)
    if options.page:
        insert(options.page, "limits", text)


if __name__ == "__main__":
    main()
