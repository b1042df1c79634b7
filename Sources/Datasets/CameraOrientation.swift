/// What is done about the orientation that a camera noted in a file.
public enum OrientationHandling: String, Codable, Sendable {
  /// The image is turned so that it is seen as its camera held it.
  case upright
  /// The pixels are taken as they lie in the file, as torchvision does.
  case ignored
}

/// Where the first row and the first column of a file's pixels lie in the scene, as TIFF 6.0 and EXIF
/// number it.
enum CameraOrientation: Int {
  case topLeft = 1
  case topRight, bottomRight, bottomLeft
  /// From here on rows of the file are columns of the scene.
  case leftTop, rightTop, rightBottom, leftBottom

  var swapsEdges: Bool { rawValue >= Self.leftTop.rawValue }
}

extension ImageFile {
  /// The image as it was seen, from pixels that lie as `orientation` says.
  func upright(from orientation: CameraOrientation) -> ImageFile {
    if orientation == .topLeft { return self }
    let (wide, high) = orientation.swapsEdges ? (height, width) : (width, height)
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { turned, filled in
      for row in 0..<high {
        for column in 0..<wide {
          let (y, x) =
            switch orientation {
            case .topLeft: (row, column)
            case .topRight: (row, width - 1 - column)
            case .bottomRight: (height - 1 - row, width - 1 - column)
            case .bottomLeft: (height - 1 - row, column)
            case .leftTop: (column, row)
            case .rightTop: (height - 1 - column, row)
            case .rightBottom: (height - 1 - column, width - 1 - row)
            case .leftBottom: (column, width - 1 - row)
            }
          let source = (y * width + x) * channels
          let target = (row * wide + column) * channels
          for channel in 0..<channels { turned[target + channel] = pixels[source + channel] }
        }
      }
      filled = pixels.count
    }
    return ImageFile(width: wide, height: high, channels: channels, pixels: turned)
  }
}
