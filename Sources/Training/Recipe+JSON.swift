import Foundation

extension Recipe {
  private enum Key: String, CodingKey, CaseIterable {
    case epochs, batchSize, learningRate, schedule, momentum, nesterov, dampening, weightDecay
    case dropAtStartOfEpoch, resetMomentumAtDrop, dropLastBatch, augmentation
    case gammaInitialization, inputNormalization
  }

  /// Reads an object with exactly the properties of a recipe.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(notIn: Key.allCases)
    let values = try decoder.container(keyedBy: Key.self)
    func value<Value: Decodable>(_ key: Key) throws -> Value {
      try values.decode(Value.self, forKey: key)
    }
    self.init(
      epochs: try values.wholeNumber(forKey: .epochs),
      batchSize: try values.wholeNumber(forKey: .batchSize),
      learningRate: try value(.learningRate), schedule: try value(.schedule),
      momentum: try value(.momentum), nesterov: try value(.nesterov),
      dampening: try value(.dampening), weightDecay: try value(.weightDecay),
      dropAtStartOfEpoch: try value(.dropAtStartOfEpoch),
      resetMomentumAtDrop: try value(.resetMomentumAtDrop),
      dropLastBatch: try value(.dropLastBatch), augmentation: try value(.augmentation),
      gammaInitialization: try value(.gammaInitialization),
      inputNormalization: try value(.inputNormalization))
  }

  /// Reads and validates a recipe; `source` names the file in errors, which have status 65.
  public init(json: Data, source: String) throws(TrainingError) {
    do {
      self = try JSONDecoder().decode(Recipe.self, from: json)
      try validate()
    } catch {
      throw TrainingError(
        .badData, source, why: decodingFailure(error), advice: "correct the recipe")
    }
  }

  /// The recipe as a JSON object with sorted keys, a line a value, ending in a line feed.
  public var json: Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else {
      preconditionFailure("a recipe with a number that is not finite")
    }
    return data + Data("\n".utf8)
  }
}

extension Recipe.Augmentation {
  private enum Key: String, CodingKey, CaseIterable {
    case flip, pad, padMode
  }

  /// Reads an object with exactly the properties of an augmentation.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(notIn: Key.allCases)
    let values = try decoder.container(keyedBy: Key.self)
    self.init(
      flip: try values.decode(Bool.self, forKey: .flip),
      pad: try values.wholeNumber(forKey: .pad),
      padMode: try values.decode(Recipe.PadMode.self, forKey: .padMode))
  }
}
