import Testing

@testable import Graph

struct ParameterTests {
  @Test func filtersGoFromOutputsFirstToOutputsLast() {
    let filter = Parameter(
      name: "w", layout: .filter(kernel: 3, inputs: 1, outputs: 2), start: .constant(0))
    #expect(filter.fileShape == [2, 1, 3, 3])
    // The file has both outputs' taps one after the other; the device has both outputs of a tap
    // side by side.
    let file: [Float] = [
      0, 1, 2, 3, 4, 5, 6, 7, 8,
      10, 11, 12, 13, 14, 15, 16, 17, 18,
    ]
    let device: [Float] = [
      0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16, 7, 17, 8, 18,
    ]
    #expect(filter.deviceOrder(fromFile: file) == device)
    #expect(filter.fileOrder(fromDevice: device) == file)
  }

  @Test func inputsStandBetweenTapsAndOutputs() {
    let filter = Parameter(
      name: "w", layout: .filter(kernel: 1, inputs: 2, outputs: 3), start: .constant(0))
    #expect(filter.deviceOrder(fromFile: [0, 1, 10, 11, 20, 21]) == [0, 10, 20, 1, 11, 21])
  }

  @Test(arguments: [
    Parameter.Layout.filter(kernel: 3, inputs: 5, outputs: 7),
    .filter(kernel: 5, inputs: 1, outputs: 4), .matrix(outputs: 3, inputs: 4), .vector(6),
    .mapMatrix(outputs: 2, pixels: 6, channels: 5),
  ])
  func orderOfFilesAndDeviceRoundTrips(layout: Parameter.Layout) {
    let parameter = Parameter(name: "w", layout: layout, start: .constant(0))
    #expect(parameter.fileShape.reduce(1, *) == parameter.count)
    let values = (0..<parameter.count).map { Float($0) }
    let device = parameter.deviceOrder(fromFile: values)
    #expect(device.sorted() == values)
    #expect(parameter.fileOrder(fromDevice: device) == values)
    switch layout {
    case .filter, .mapMatrix: #expect(device != values)
    case .matrix, .vector: #expect(device == values)
    }
  }

  @Test func channelsStandInsidePixels() {
    let matrix = Parameter(
      name: "w", layout: .mapMatrix(outputs: 2, pixels: 3, channels: 2), start: .constant(0))
    #expect(
      matrix.deviceOrder(fromFile: [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112])
        == [0, 10, 1, 11, 2, 12, 100, 110, 101, 111, 102, 112])
  }
}
