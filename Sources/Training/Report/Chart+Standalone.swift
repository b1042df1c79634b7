import Foundation

extension Chart {
  /// The chart as a file of its own, with its legend and its colours, on white.
  package var standaloneSVG: String {
    let row = 18.0
    let height = Int(Chart.height + row * Double(series.count) + 30)
    let legend = series.indices.map { index in
      let y = Chart.height + 24 + row * (Double(index) + 0.5)
      return "<polyline class=\"\(classes(of: index))\" points=\"52,\(Int(y)) 84,\(Int(y))\"/>"
        + "<text x=\"92\" y=\"\(Int(y) + 4)\">\(Markup.escaped(series[index].name))</text>\n"
    }.joined()
    let colors = Chart.palette.enumerated().map {
      "polyline.s\($0){stroke:\($1)}polygon.s\($0),circle.s\($0){fill:\($1)}\n"
    }.joined()
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" width="\(2 * Int(Chart.width))" height="\(2 * height)" \
      viewBox="0 0 \(Int(Chart.width)) \(height)">
      <title>\(Markup.escaped(title))</title>
      <style>
      text{font-family:sans-serif;font-size:11px;fill:#59636e}.title{font-size:13px;fill:#1b1f24}
      .grid{stroke:#d5dae0}.mark{stroke:#59636e;stroke-dasharray:2 4}
      polyline{fill:none;stroke-width:1.5;stroke-linejoin:round}
      .dashed{stroke-dasharray:6 4}.dotted{stroke-dasharray:1.5 3}polygon{fill-opacity:.2}
      \(colors)</style>
      <rect width="100%" height="100%" fill="#fff"/>
      <text class="title" x="\(Int(Chart.width / 2))" y="16" \
      text-anchor="middle">\(Markup.escaped(title))</text>
      <g transform="translate(0 20)">\(drawing)</g>
      \(legend)</svg>

      """
  }

  /// The colours of series on white.
  static let palette = ["#0b62c4", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d"]
}
