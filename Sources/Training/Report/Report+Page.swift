import Datasets
import Foundation
import Graph

extension Report {
  /// The page.
  package var html: String {
    Markup.page(
      title: title,
      body: """
        \(epochMark)\(summary)\(factList)
        <section class="charts">\(charts)</section>
        \(confusionSection)\(classSection)\(sampleSection)\(networkSection)
        <h2>Configuration</h2>
        \(Markup.table(head: ["Option", "Value"], rows: configuration.map { [$0.key, $0.value] }))
        """)
  }

  /// Tells pages after different epochs apart.
  var epochMark: String { "<!-- after epoch \(records.last?.epoch ?? 0) -->" }

  private var summary: String {
    guard let last = records.last else {
      return "<p class=\"result\">No epoch is finished yet.</p>"
    }
    let best = records.filter { $0.testError != nil }
      .min { ($0.testError ?? 0) < ($1.testError ?? 0) }
    let seconds = records.reduce(0) { $0 + $1.trainTime + $1.testTime }
    let interval =
      errorInterval.map {
        String(
          format: " (95 %% interval %.2f to %.2f %%)", 100 * $0.lowerBound, 100 * $0.upperBound)
      } ?? ""
    return "<p class=\"result\">Test error <b>\(Markup.percent(last.testError))</b>\(interval) "
      + "after epoch \(last.epoch); the best is \(Markup.percent(best?.testError)) after epoch "
      + "\(best?.epoch ?? 0). \(last.parameters) parameters, \(Markup.duration(seconds)).</p>\n"
  }

  /// Where the last test error's probability lies; nil where the number of images is not known.
  private var errorInterval: ClosedRange<Double>? {
    guard let error = records.last?.testError, let images = testImages, images > 0,
      (0...100).contains(error)
    else { return nil }
    return Proportion.wilsonInterval(error: error, of: images)
  }

  private var factList: String {
    "<dl>"
      + facts.map { name, value in
        "<dt>\(Markup.escaped(name))</dt><dd>\(Markup.escaped(value))</dd>"
      }.joined() + "</dl>"
  }

  private var charts: String {
    func points(_ value: (EpochRecord) -> Double?) -> [(x: Double, y: Double?)] {
      records.map { (Double($0.epoch), value($0)) }
    }
    guard !records.isEmpty else { return "" }
    var error = Chart(
      title: "Error", xLabel: "epoch", left: .init("error, %"),
      series: [
        .init("test error", points(\.testError)),
        .init("training error", points(\.trainError), style: .dashedLine),
      ])
    error.marks = drops
    var loss = Chart(
      title: "Loss", xLabel: "epoch", left: .init("loss", isLogarithmic: true),
      series: [
        .init("test loss", points(\.testLoss)),
        .init("training loss", points(\.trainLoss), style: .dashedLine),
      ])
    loss.marks = drops
    let rate = Chart(
      title: "Learning rate at each epoch's end", xLabel: "epoch", left: .init("rate"),
      series: [.init("learning rate", points { Double($0.lr) })])
    let speed = Chart(
      title: "Training speed", xLabel: "epoch", left: .init("images/s"),
      series: [.init("images/s", points(\.imagesPerSecond))])
    return [error, loss, rate, speed].map(\.figure).joined()
  }

  private var confusionSection: String {
    guard let results, results.predicted.count == results.split.count else { return "" }
    let counts = results.confusion
    let names = results.classNames
    // A hundred classes make no readable matrix: the pairs that are confused most do.
    if names.count > 20 {
      let pairs = names.indices.flatMap { row in
        names.indices.filter { $0 != row }.map { (row, $0, counts[row][$0]) }
      }.filter { $0.2 > 0 }.sorted { $0.2 > $1.2 }.prefix(20)
      return "<h2>Classes confused most</h2>\n"
        + Markup.table(
          head: ["Class", "Answer", "Images"],
          rows: pairs.map { [names[$0.0], names[$0.1], "\($0.2)"] })
    }
    let head =
      "<tr><th>class \\ answer</th>"
      + names.map { "<th class=\"up\"><span>\(Markup.escaped($0))</span></th>" }.joined() + "</tr>"
    let rows = counts.enumerated().map { row, cells in
      let total = max(1, cells.reduce(0, +))
      return "<tr><th>\(Markup.escaped(names[row]))</th>"
        + cells.enumerated().map { column, count in
          let part = String(format: "%.2f", Double(count) / Double(total))
          return "<td class=\"\(row == column ? "right" : "wrong")\" style=\"--p:\(part)\">"
            + "\(count == 0 ? "" : "\(count)")</td>"
        }.joined() + "</tr>\n"
    }.joined()
    return "<h2>Confusion matrix of the test images</h2>\n<div class=\"scroll\">"
      + "<table class=\"confusion\"><thead>\(head)</thead>\n<tbody>\(rows)</tbody></table></div>\n"
  }

  /// Scores of each class, and whether the answers' probabilities can be believed.
  private var classSection: String {
    guard let results, results.predicted.count == results.split.count else { return "" }
    let scores = results.classScores
    let names = results.classNames
    func share(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "-" }
    func row(_ index: Int) -> [String] {
      let score = scores[index]
      return [
        names[index], share(score.precision), share(score.recall), share(score.f1),
        "\(score.images)",
      ]
    }
    let mean = [
      "mean of the classes", share(scores.macroAverage(\.precision)),
      share(scores.macroAverage(\.recall)), share(scores.macroAverage(\.f1)),
      "\(results.split.count)",
    ]
    let isShort = names.count <= 20
    let shown =
      isShort
      ? Array(names.indices)
      : Array(names.indices.sorted { scores[$0].f1 ?? 2 < scores[$1].f1 ?? 2 }.prefix(20))
    return "<h2>\(isShort ? "Scores of each class" : "The 20 classes with the lowest F1")</h2>\n"
      + Markup.table(
        head: ["Class", "Precision", "Recall", "F1", "Images"], rows: shown.map(row) + [mean])
      + "<section class=\"charts\">\(results.calibration.chart.figure)</section>\n"
  }

  private var sampleSection: String {
    guard let results, results.predicted.count == results.split.count else { return "" }
    let wrong = results.predicted.indices.filter {
      results.predicted[$0] != results.split.labels[$0]
    }.sorted { results.confidence[$0] > results.confidence[$1] }
    return samples("Test images of every class", results.samples, results)
      + samples("Wrong with most confidence", Array(wrong.prefix(12)), results)
  }

  private func samples(_ title: String, _ indices: [Int], _ results: TestResults) -> String {
    if indices.isEmpty { return "" }
    let cards = indices.map { index in
      let answer = results.classNames[Int(results.predicted[index])]
      let label = results.classNames[Int(results.split.labels[index])]
      let data = Data(results.png(index)).base64EncodedString()
      let percent = String(format: "%.0f %%", 100 * results.confidence[index])
      let verdict =
        answer == label ? "" : "<br><span class=\"miss\">is \(Markup.escaped(label))</span>"
      return "<div><img alt=\"test image \(index)\" src=\"data:image/png;base64,\(data)\">"
        + "<p>\(Markup.escaped(answer)) \(percent)\(verdict)</p></div>\n"
    }.joined()
    return "<h2>\(title)</h2>\n<div class=\"samples\">\(cards)</div>\n"
  }

  private var networkSection: String {
    if layers.isEmpty { return "" }
    return "<h2>Network</h2>\n"
      + Markup.table(
        head: ["Layer", "Kind", "Output", "Parameters", "Multiply-adds"],
        rows: layers.map {
          [$0.name, $0.kind, $0.output, "\($0.parameters)", "\($0.macs)"]
        })
  }
}
