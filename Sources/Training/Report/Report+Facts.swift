import Autotuner

extension Report {
  /// What a run's configuration says in a few lines; what it lacks is left out.
  static func facts(_ configuration: JSONValue) -> [(name: String, value: String)] {
    let values: [(String, String?)] = [
      ("Recipe", configuration["recipe"].map(recipeLine)),
      ("Seed", configuration["seed"]?.text),
      ("Device", configuration["device"]?.text),
      ("Begun", configuration["started"]?.text),
      ("Command", configuration["command"]?.text),
    ]
    return values.compactMap { name, value in value.map { (name, $0) } }
  }

  /// A recipe's choices in a line.
  private static func recipeLine(_ recipe: JSONValue) -> String {
    func text(_ key: String) -> String { recipe[key]?.text ?? "?" }
    let isNesterov = recipe["nesterov"] == .bool(true)
    var parts = [
      "\(text("epochs")) epochs", "batch \(text("batchSize"))",
      "learning rate \(text("learningRate"))\(scheduleText(recipe["schedule"]))",
      "\(isNesterov ? "Nesterov " : "")momentum \(text("momentum"))",
      "weight decay \(text("weightDecay"))",
    ]
    let augmentation = recipe["augmentation"]
    if augmentation?["flip"] == .bool(true) { parts.append("flips") }
    if let pad = augmentation?["pad"]?.integers?.first, pad > 0 {
      parts.append("shifts of up to \(pad) pixels")
    }
    return parts.joined(separator: ", ")
  }

  /// How the learning rate changes, behind it.
  private static func scheduleText(_ schedule: JSONValue?) -> String {
    guard let schedule else { return "" }
    switch schedule["kind"] {
    case .string("steps"):
      return " x \(schedule["factor"]?.text ?? "?") at epochs \(schedule["epochs"]?.text ?? "?")"
    case .string("constant"): return ""
    case .string(let kind): return ", \(kind)"
    default: return ""
    }
  }
}
