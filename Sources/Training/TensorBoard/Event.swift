import Protobuf

/// A record of TensorBoard's event files, by the field numbers of tensorboard's event.proto and
/// summary.proto.
struct Event {
  /// Something that TensorBoard shows under a tag, "group/name".
  enum Value {
    case scalar(Float)
    case histogram(Histogram)
    /// A PNG file of `height` x `width` pixels with 1 or 3 channels.
    case image(png: [UInt8], height: Int, width: Int, channels: Int)
    /// A text in Markdown.
    case text(String)
  }

  enum Content {
    /// The format's version, which a file begins with.
    case version
    /// A run starts, or goes on, before the event's step: readers forget what older files have of
    /// this step and of later ones.
    case sessionStart
    case values([(tag: String, value: Value)])
  }

  /// Seconds since 1970.
  var time: Double
  /// Counts the run's training steps from 1; 0 stands before them.
  var step: Int
  var content: Content

  /// The event as a message.
  var message: ProtobufMessage {
    var event = ProtobufMessage()
    event.add(1, time)
    event.add(2, step)
    switch content {
    case .version: event.add(3, "brain.Event:2")
    case .sessionStart:
      var session = ProtobufMessage()
      session.add(1, 1)  // START
      event.add(7, session)
    case .values(let values):
      var summary = ProtobufMessage()
      for (tag, value) in values { summary.add(1, value.message(tag: tag)) }
      event.add(5, summary)
    }
    return event
  }
}

extension Event.Value {
  fileprivate func message(tag: String) -> ProtobufMessage {
    var value = ProtobufMessage()
    value.add(1, tag)
    switch self {
    case .scalar(let number): value.add(2, number)
    case .image(let png, let height, let width, let channels):
      var image = ProtobufMessage()
      image.add(1, height)
      image.add(2, width)
      image.add(3, channels)
      image.add(4, png)
      value.add(4, image)
    case .histogram(let histogram): value.add(5, histogram.message)
    case .text(let text):
      value.add(8, Self.tensor(text))
      value.add(9, Self.textMetadata)
    }
    return value
  }

  /// A tensor that is one text.
  private static func tensor(_ text: String) -> ProtobufMessage {
    var extent = ProtobufMessage()
    extent.add(1, 1)
    var shape = ProtobufMessage()
    shape.add(2, extent)
    var tensor = ProtobufMessage()
    tensor.add(1, 7)  // DT_STRING
    tensor.add(2, shape)
    tensor.add(8, text)
    return tensor
  }

  /// What tells TensorBoard's text plugin that a tensor is for it.
  private static var textMetadata: ProtobufMessage {
    var plugin = ProtobufMessage()
    plugin.add(1, "text")
    var metadata = ProtobufMessage()
    metadata.add(1, plugin)
    metadata.add(4, 2)  // DATA_CLASS_TENSOR
    return metadata
  }
}

extension Histogram {
  /// summary.proto's HistogramProto.
  fileprivate var message: ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, lowest)
    message.add(2, highest)
    message.add(3, Double(count))
    message.add(4, sum)
    message.add(5, sumOfSquares)
    message.add(6, limits)
    message.add(7, counts.map(Double.init))
    return message
  }
}
