import Autotuner
import DeviceRuntime
import Foundation
import TestSupport
import Testing

@testable import Operators

/// What a convolution's algorithms round, measured on the device: the root mean square of the
/// differences to double precision over that of the results.
///
/// x and w are normally distributed, w with variance 2 / 9C; 24x24 outputs of 16 channels.
@Suite(.serialized)
struct ConvolutionErrorTests {
  private static let channels = [64, 160, 640]

  private struct Example {
    var shape: Conv2DShape
    var x: [Float]
    var w: [Float]
    var y: [Double]
  }

  private static func example(channels: Int) -> Example {
    let shape = Conv2DShape(
      batch: 1, inHeight: 24, inWidth: 24, inChannels: channels, outChannels: 16, kernel: 3)
    var generator = ExampleGenerator(seed: UInt64(channels))
    func normal() -> Double {
      let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &generator))).squareRoot()
      return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
    }
    let deviation = (2 / Double(9 * channels)).squareRoot()
    let x = (0..<shape.inCount).map { _ in Float(normal()) }
    let w = (0..<shape.filterCount).map { _ in Float(normal() * deviation) }
    var y = [Double](repeating: 0, count: shape.outCount)
    for row in 0..<24 {
      for column in 0..<24 {
        for r in 0..<3 where (0..<24).contains(row + r - 1) {
          for s in 0..<3 where (0..<24).contains(column + s - 1) {
            let from = ((row + r - 1) * 24 + column + s - 1) * channels
            let to = (row * 24 + column) * 16
            for c in 0..<channels {
              let value = Double(x[from + c])
              let filter = ((r * 3 + s) * channels + c) * 16
              for o in 0..<16 { y[to + o] += value * Double(w[filter + o]) }
            }
          }
        }
      }
    }
    return Example(shape: shape, x: x, w: w, y: y)
  }

  /// The error in 1e-6.
  private static func error(
    _ example: Example, _ configuration: Conv2DConfiguration, on device: TestDevice
  ) throws -> Double {
    let problem = Conv2DForward.Problem(shape: example.shape)
    let y = try #require(
      run(Conv2DForward.self, problem, configuration, [example.x, example.w], on: device)["y"])
    let difference = zip(y, example.y).reduce(0) { $0 + pow(Double($1.0) - $1.1, 2) }
    let size = example.y.reduce(0) { $0 + $1 * $1 }
    return 1e6 * (difference / size).squareRoot()
  }

  private static func winograd(_ outTile: Int, chain: Int) -> Conv2DConfiguration {
    .winograd(
      WinogradTiling(
        outTile: outTile, images: 1, itemM: 4, itemN: 1, vec: 16,
        product: .panel(tileK: chain, pointRows: 1, rowBlock: 36)))
  }

  /// Limits are a fifth above what research on the algorithms in emulated arithmetic found.
  @Test(arguments: channels)
  func errors(channels: Int) throws {
    let device = try TestDevice()
    let example = Self.example(channels: channels)
    let column = try #require(Self.channels.firstIndex(of: channels))
    let rows: [(String, Conv2DConfiguration, [Double])] = [
      ("direct", .direct(.tile(itemM: 4, itemN: 1, vec: 16, tileK: 32)), [0.43, 0.66, 1.34]),
      ("F(2x2), one chain", Self.winograd(2, chain: channels), [0.27, 0.40, 0.77]),
      ("F(4x4), one chain", Self.winograd(4, chain: channels), [0.81, 1.21, 2.38]),
      ("F(2x2), chains of 32", Self.winograd(2, chain: 32), [0.21, 0.22, 0.25]),
      ("F(4x4), chains of 32", Self.winograd(4, chain: 32), [0.63, 0.66, 0.76]),
    ]
    var errors: [Double] = []
    for (name, configuration, expected) in rows {
      let error = try Self.error(example, configuration, on: device)
      errors.append(error)
      print("error of \(name), C = \(channels): \(String(format: "%.2f", error))e-6")
      #expect(error < 1.2 * expected[column], "\(name)")
      // A result that is not rounded as single precision must be was not computed on the device.
      #expect(error > 0.5 * expected[column], "\(name)")
    }
    // Short chains round less than long ones, and of 640 channels less than a direct sum.
    #expect(errors[4] < errors[2] && errors[3] < errors[1])
    if channels == 640 { #expect(errors[4] < errors[0]) }
  }
}
