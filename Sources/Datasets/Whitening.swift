import CLAPACK
import Foundation

/// Global contrast normalisation and ZCA whitening of images, as before the paper's Tables 2 to 4.
///
/// An image loses its own mean and is scaled to the length 55; then the mean of all training images
/// is subtracted and the rest multiplied by (C + 0.1 I)^(-1/2), C their covariance. The constants
/// are those of pylearn2's preparation of CIFAR-10 in the works that the paper follows.
public struct Whitening: Sendable, Hashable {
  /// The mean of the contrast-normalised training images, `[D]`, D = H·W·C.
  public let mean: [Float]
  /// The symmetric matrix that whitens, `[D, D]`.
  public let matrix: [Float]

  /// The length of an image after contrast normalisation.
  static let length = 55.0
  /// An image that is shorter has one colour and stays as it is.
  static let leastScale = 1e-8
  /// What is added to the variance in every direction.
  static let bias = 0.1
  /// Larger images would need a matrix of more than 1.2 GB.
  static let largestImage = 64 * 64 * 3
  /// Images that are worked on at once.
  private static let block = 1024

  /// A whitening of images of D values; traps when matrix and mean are not of one size.
  public init(mean: [Float], matrix: [Float]) {
    precondition(matrix.count == mean.count * mean.count, "matrix must be [D, D]")
    self.mean = mean
    self.matrix = matrix
  }

  /// Computes what whitens these training images, in double precision.
  ///
  /// Half a minute of computing for CIFAR. Throws `usage` for image files and for images of more
  /// than 64x64x3 values, `malformed` where the system's LAPACK computes nonsense.
  public init(of images: LabeledImages) throws(DataError) {
    let size = images.height * images.width * images.channels
    guard images.files == nil, images.count > 0, size <= Self.largestImage else {
      throw DataError(
        .usage, what: "whitening", why: "images must be in memory and at most 64x64x3",
        whatToDo: "use another normalization for this data set")
    }
    let mean = Self.mean(of: images, size: size)
    let covariance = Self.covariance(of: images, mean: mean)
    guard let matrix = Self.inverseRoot(of: covariance, size: size),
      Self.whitens(matrix, covariance, size: size)
    else {
      throw DataError(
        .malformed, what: "whitening", why: "the system's LAPACK or BLAS computes wrong results",
        whatToDo: "install another, such as Debian's libopenblas0")
    }
    self.init(mean: mean.map { Float($0) }, matrix: matrix.map { Float($0) })
  }

  /// The whitened images, `[N, H, W, C]`; the images must have the size of the matrix.
  func values(of images: LabeledImages) -> [Float] {
    let size = mean.count
    precondition(
      images.height * images.width * images.channels == size, "the images are of another size")
    return [Float](unsafeUninitializedCapacity: images.count * size) { result, filled in
      filled = images.count * size
      for first in stride(from: 0, to: images.count, by: Self.block) {
        let count = min(Self.block, images.count - first)
        var rows = Self.normalized(images, first..<first + count, size: size, mean: mean)
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(count), Int32(size), Int32(size), 1,
          &rows, Int32(size), matrix, Int32(size), 0,
          result.baseAddress?.advanced(by: first * size), Int32(size))
      }
    }
  }

  /// Contrast-normalised images minus `mean`, `[range.count, D]`.
  private static func normalized<Value: BinaryFloatingPoint>(
    _ images: LabeledImages, _ range: Range<Int>, size: Int, mean: [Value]
  ) -> [Value] {
    var rows: [Value] = []
    rows.reserveCapacity(range.count * size)
    for index in range {
      let bytes = images.images[index * size..<(index + 1) * size]
      let (sum, squares) = bytes.reduce((0, 0)) { ($0.0 + Int($1), $0.1 + Int($1) * Int($1)) }
      let center = Double(sum) / Double(size)
      // Exact up to here, so that an image of one colour has the length 0.
      let square = Double(squares * size - sum * sum) / Double(size)
      let scale = square.squareRoot() / length
      let factor = scale < leastScale ? 1 : 1 / scale
      for (byte, mean) in zip(bytes, mean) {
        rows.append(Value((Double(byte) - center) * factor - Double(mean)))
      }
    }
    return rows
  }

  private static func mean(of images: LabeledImages, size: Int) -> [Double] {
    let zero = [Double](repeating: 0, count: size)
    var sums = zero
    for index in 0..<images.count {
      for (place, value) in normalized(images, index..<index + 1, size: size, mean: zero)
        .enumerated()
      {
        sums[place] += value
      }
    }
    return sums.map { $0 / Double(images.count) }
  }

  /// C + 0.1 I, `[D, D]`, of which only one triangle is set.
  private static func covariance(of images: LabeledImages, mean: [Double]) -> [Double] {
    let size = mean.count
    var result = [Double](repeating: 0, count: size * size)
    for first in stride(from: 0, to: images.count, by: block) {
      let count = min(block, images.count - first)
      var rows = normalized(images, first..<first + count, size: size, mean: mean)
      cblas_dsyrk(
        CblasRowMajor, CblasLower, CblasTrans, Int32(size), Int32(count),
        1 / Double(images.count), &rows, Int32(size), 1, &result, Int32(size))
    }
    for index in 0..<size { result[index * size + index] += bias }
    return result
  }

  /// The inverse square root of a symmetric matrix of which the lower triangle is given; nil where
  /// it is not positive.
  private static func inverseRoot(of matrix: [Double], size: Int) -> [Double]? {
    let n = Int32(size)
    var vectors = matrix
    var values = [Double](repeating: 0, count: size)
    // Read by columns, the lower triangle is the upper one, and each eigenvector is a row.
    guard
      LAPACKE_dsyevd(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")), n,
        &vectors, n, &values) == 0, values.allSatisfy({ $0 > 0 && $0.isFinite })
    else { return nil }
    // The sum of v vᵀ / √λ over the eigenvectors v is a product of one matrix with itself.
    for (row, value) in values.enumerated() {
      let factor = 1 / value.squareRoot().squareRoot()
      for index in row * size..<(row + 1) * size { vectors[index] *= factor }
    }
    var root = [Double](repeating: 0, count: size * size)
    cblas_dsyrk(
      CblasRowMajor, CblasLower, CblasTrans, n, n, 1, &vectors, n, 0, &root, n)
    for row in 0..<size {
      for column in 0..<row { root[column * size + row] = root[row * size + column] }
    }
    return root
  }

  /// Whether root · matrix · root is the identity, tried on one vector: some builds of OpenBLAS are
  /// wrong on some processors.
  private static func whitens(_ root: [Double], _ matrix: [Double], size: Int) -> Bool {
    func times(_ matrix: [Double], _ vector: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: size)
      for row in 0..<size {
        for column in 0..<row {
          let value = matrix[row * size + column]
          result[row] += value * vector[column]
          result[column] += value * vector[row]
        }
        result[row] += matrix[row * size + row] * vector[row]
      }
      return result
    }
    let vector = (0..<size).map { Double($0 % 7) - 3 }
    let back = times(root, times(matrix, times(root, vector)))
    return zip(back, vector).allSatisfy { abs($0 - $1) < 1e-6 }
  }
}

extension Whitening {
  /// What tells apart the training images that a whitening was computed from, 64 digits.
  public static func key(of images: LabeledImages) -> String {
    let sum = SHA256()
    let size = [images.height, images.width, images.channels, images.count]
    let text = "\(size) length \(length) bias \(bias)"
    Array(text.utf8).withUnsafeBytes { sum.add($0) }
    images.images.withUnsafeBytes { sum.add($0) }
    return sum.finish()
  }
}

extension LabeledImages {
  /// The images with whitened ones as a network's input; the bytes stay for people to see.
  ///
  /// Throws `usage` where they do not fit the memory; traps where they are of another size.
  public func whitened(by whitening: Whitening) throws(DataError) -> LabeledImages {
    let bytes = 4 * count * whitening.mean.count
    guard UInt64(bytes) <= ProcessInfo.processInfo.physicalMemory / 2 else {
      throw DataError(
        .usage, what: "whitening", why: "\(count) images need \(bytes >> 20) MiB of memory",
        whatToDo: "use fewer images or another normalization")
    }
    var result = self
    result.values = whitening.values(of: self)
    return result
  }
}

extension Dataset {
  /// The data set with the images of both splits whitened.
  ///
  /// Throws `usage` where they do not fit the memory; traps where they are of another size.
  public func whitened(by whitening: Whitening) throws(DataError) -> Dataset {
    var result = self
    result.train = try train.whitened(by: whitening)
    result.test = try test.whitened(by: whitening)
    return result
  }
}
