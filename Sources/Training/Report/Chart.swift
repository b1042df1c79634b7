import Foundation

/// Lines or dots over two axes as an SVG element, whose colours the page's style sets.
package struct Chart {
  /// A vertical axis.
  package struct Axis {
    package var label: String
    package var isLogarithmic: Bool

    package init(_ label: String, isLogarithmic: Bool = false) {
      self.label = label
      self.isLogarithmic = isLogarithmic
    }
  }

  /// Points under one name.
  package struct Series {
    package enum Style { case line, dashedLine, dottedLine, dots }

    package var name: String
    /// A value that is nil or not finite leaves a gap.
    package var points: [(x: Double, y: Double?)]
    package var style: Style
    /// Whether the right axis measures it.
    package var isOnRight: Bool
    /// Which of the colours; by default that of the series' place.
    package var color: Int?
    /// From the lowest to the highest value that the points stand for; none, or one a point.
    package var spread: [ClosedRange<Double>?]

    package init(
      _ name: String, _ points: [(x: Double, y: Double?)], style: Style = .line,
      isOnRight: Bool = false, color: Int? = nil, spread: [ClosedRange<Double>?] = []
    ) {
      precondition(spread.isEmpty || spread.count == points.count, "a spread for each point")
      self.name = name
      self.points = points
      self.style = style
      self.isOnRight = isOnRight
      self.color = color
      self.spread = spread
    }
  }

  package var title: String
  package var xLabel: String
  package var left: Axis
  package var right: Axis?
  package var series: [Series]
  /// Places on the horizontal axis that get a vertical line.
  package var marks: [Double] = []

  package init(title: String, xLabel: String, left: Axis, right: Axis? = nil, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.left = left
    self.right = right
    self.series = series
  }

  static let width = 420.0
  static let height = 280.0
  private static let plot = (left: 52.0, right: 368.0, top: 38.0, bottom: 234.0)

  /// The chart as a figure of a page, whose style colours it.
  package var figure: String {
    let legend = series.indices.map {
      "<span class=\"\(classes(of: $0))\">\(Markup.escaped(series[$0].name))</span>"
    }.joined(separator: " ")
    return "<figure><figcaption>\(Markup.escaped(title))</figcaption><svg role=\"img\" "
      + "aria-label=\"\(Markup.escaped(title))\" viewBox=\"0 0 \(Int(Chart.width)) "
      + "\(Int(Chart.height))\">\(drawing)</svg><p class=\"legend\">\(legend)</p></figure>\n"
  }

  /// A series' classes: its colour and its kind of line.
  func classes(of index: Int) -> String {
    let style =
      switch series[index].style {
      case .line, .dots: ""
      case .dashedLine: " dashed"
      case .dottedLine: " dotted"
      }
    return "s\((series[index].color ?? index) % Chart.palette.count)\(style)"
  }

  /// What is inside the SVG element.
  var drawing: String {
    let xs = series.flatMap { $0.points.map(\.x) }
    let x = Scale(xs, from: Chart.plot.left, to: Chart.plot.right, isTight: true)
    let y = scale(of: left, onRight: false)
    let z = right.map { scale(of: $0, onRight: true) }
    var body = ""
    for tick in y.ticks {
      let at = place(y.position(tick))
      body +=
        "<line class=\"grid\" x1=\"\(place(Chart.plot.left))\" y1=\"\(at)\" "
        + "x2=\"\(place(Chart.plot.right))\" y2=\"\(at)\"/>"
        + text(Markup.number(tick), Chart.plot.left - 5, y.position(tick) + 4, anchor: "end")
    }
    for tick in z?.ticks ?? [] {
      let at = (z?.position(tick) ?? 0) + 4
      body += text(Markup.number(tick), Chart.plot.right + 5, at, anchor: "start")
    }
    for tick in x.ticks {
      body += text(Markup.number(tick), x.position(tick), Chart.plot.bottom + 16, anchor: "middle")
    }
    for mark in marks where x.contains(mark) {
      let at = place(x.position(mark))
      body +=
        "<line class=\"mark\" x1=\"\(at)\" y1=\"\(place(Chart.plot.top))\" x2=\"\(at)\" "
        + "y2=\"\(place(Chart.plot.bottom))\"/>"
    }
    for index in series.indices {
      body += band(index, x: x, y: series[index].isOnRight ? z ?? y : y)
    }
    for index in series.indices {
      body += lines(index, x: x, y: series[index].isOnRight ? z ?? y : y)
    }
    body += text(left.label, 4, 14, anchor: "start")
    if let right { body += text(right.label, Chart.width - 4, 14, anchor: "end") }
    body += text(
      xLabel, (Chart.plot.left + Chart.plot.right) / 2, Chart.plot.bottom + 32, anchor: "middle")
    return body
  }

  private func scale(of axis: Axis, onRight: Bool) -> Scale {
    Scale(
      series.filter { $0.isOnRight == onRight }.flatMap {
        $0.points.compactMap(\.y)
          + $0.spread.flatMap { [$0?.lowerBound, $0?.upperBound] }
          .compactMap(\.self)
      },
      from: Chart.plot.bottom, to: Chart.plot.top, isLogarithmic: axis.isLogarithmic)
  }

  /// The area between the lowest and the highest values.
  private func band(_ index: Int, x: Scale, y: Scale) -> String {
    let edges = zip(series[index].points, series[index].spread).compactMap { point, spread in
      spread.flatMap { range in
        y.contains(range.lowerBound) && y.contains(range.upperBound)
          ? (x.position(point.x), y.position(range.lowerBound), y.position(range.upperBound)) : nil
      }
    }
    guard edges.count > 1 else { return "" }
    let corners = edges.map { ($0.0, $0.2) } + edges.reversed().map { ($0.0, $0.1) }
    let points = corners.map { "\(place($0.0)),\(place($0.1))" }.joined(separator: " ")
    return "<polygon class=\"\(classes(of: index))\" points=\"\(points)\"/>"
  }

  private func lines(_ index: Int, x: Scale, y: Scale) -> String {
    let series = series[index]
    var runs: [[(Double, Double)]] = [[]]
    for point in series.points {
      if let value = point.y, y.contains(value) {
        runs[runs.count - 1].append((x.position(point.x), y.position(value)))
      } else {
        runs.append([])
      }
    }
    var result = ""
    for run in runs where !run.isEmpty {
      if series.style == .dots || run.count == 1 {
        result += run.map {
          "<circle class=\"\(classes(of: index))\" cx=\"\(place($0.0))\" cy=\"\(place($0.1))\" r=\"3\"/>"
        }.joined()
      } else {
        let points = run.map { "\(place($0.0)),\(place($0.1))" }.joined(separator: " ")
        result += "<polyline class=\"\(classes(of: index))\" points=\"\(points)\"/>"
      }
    }
    return result
  }

  private func text(_ text: String, _ x: Double, _ y: Double, anchor: String) -> String {
    "<text x=\"\(place(x))\" y=\"\(place(y))\" text-anchor=\"\(anchor)\">"
      + "\(Markup.escaped(text))</text>"
  }

  private func place(_ value: Double) -> String { String(format: "%.1f", value) }
}
