import Foundation
import Synchronization
import Testing

@testable import Datasets

/// What is told of image files before anything is done with them.
@Suite struct ImageReadingTests {
  private static let images: URL? = Bundle.module.resourceURL?.appending(path: "Images")

  private static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: #require(images).appending(path: name)))
  }

  /// Sixteen images to train on and four to test with.
  private func made() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] {
      for number in 10..<18 {
        try folder.write("train/\(name)/\(number).jpg", Self.bytes("color.jpg"))
      }
      for number in 10..<12 {
        try folder.write("val/\(name)/\(number).png", Self.bytes("grey.png"))
      }
    }
    return folder
  }

  private func check(
    _ folder: TemporaryFolder, training: Bool = true, limit: Int = .max,
    decodedBytes: Int = Dataset.decodedBytes, note: (String) -> Void = { Issue.record("\($0)") }
  ) throws -> [Int] {
    let read = Mutex<[Int]>([])
    try Dataset.load(.folder(size: 16), at: folder.url).prefix(limit).checkFiles(
      training: training, decodedBytes: decodedBytes, note: note
    ) { done, count in
      read.withLock {
        $0.append(done)
        #expect(count >= $0.count)
      }
    }
    return read.withLock { $0.sorted() }
  }

  @Test func everyFileIsRead() throws {
    let folder = try made()
    #expect(try check(folder) == Array(1...20))
    #expect(try check(folder, training: false) == Array(1...4))
    #expect(try check(folder, limit: 3) == Array(1...6))
  }

  @Test func allBrokenFilesAreToldInOrderAndTheFirstTenByName() throws {
    let folder = try made()
    let cut = Array(try Self.bytes("color.jpg").dropLast(40))
    try folder.write("train/b/11.jpg", cut)
    expectError(.malformed, "train/b/11.jpg: a broken JPEG (", "copy, or remove it") {
      try check(folder)
    }
    try folder.write("val/a/10.png", [1])
    let some = #expect(throws: DataError.self) { try check(folder) }
    #expect(
      some?.description.contains(
        /^folder:16: 2 of 20 images cannot be used: \S+b\/11\.jpg: a broken .+, \S+10\.png: no JPEG/
      )
        == true, "\(String(describing: some))")
    expectError(.malformed, "/val/a/10.png: no JPEG") { try check(folder, training: false) }
    for number in 10..<18 { try folder.write("train/a/\(number).jpg", cut) }
    for number in 10..<18 { try folder.write("train/b/\(number).jpg", cut) }
    let many = #expect(throws: DataError.self) { try check(folder) }
    let text = try #require(many?.description)
    #expect(text.contains("17 of 20 images cannot be used: ") && text.contains(" and 7 more; "))
    #expect(text.contains("b/11.jpg") && !text.contains("b/12.jpg"), "\(text)")
  }

  /// A cut file is found where it is decoded, one that is no image everywhere.
  @Test func ofManyBytesEveryKthFileIsDecoded() throws {
    let folder = try made()
    let data = try Dataset.load(.folder(size: 16), at: folder.url)
    let bytes = try [data.train, data.test].reduce(0) { try $0 + #require($1.files).bytes }
    var notes: [String] = []
    func check() throws -> [Int] {
      try self.check(folder, decodedBytes: (bytes + 3) / 4) { notes.append($0) }
    }
    #expect(try check() == Array(1...20))
    #expect(
      notes == [
        "folder:16: the headers of all 20 images are read, and one in 4 is decoded; "
          + "'widecl data check' decodes them all"
      ])
    let whole = try Self.bytes("color.jpg")
    try folder.write("train/a/11.jpg", Array(whole.dropLast(40)))
    #expect(try check().count == 20)
    try folder.write("train/a/11.jpg", whole)
    try folder.write("train/a/14.jpg", Array(whole.dropLast(40)))
    expectError(.malformed, "a/14.jpg: a broken JPEG") { try check() }
    try folder.write("train/a/14.jpg", Array(whole.prefix(100)))
    try folder.write("train/b/11.jpg", [1, 2, 3])
    expectError(.malformed, "2 of 20", "a/14.jpg: a broken JPEG", "b/11.jpg: no JPEG") {
      try check()
    }
  }

  /// Every file that is decoded has a header that is right, also where it begins late.
  @Test func headersOfIntactFilesAreRight() throws {
    let folder = try #require(Self.images)
    var checked = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let file = folder.appending(path: name)
      guard (try? ImageFile.decode(contentsOf: file)) != nil else { continue }
      try ImageFile.checkHeader(of: FilePath(file))
      checked += 1
    }
    #expect(checked > 40)
    // A camera's preview of more than is read at first: two comments of 60000 bytes.
    let place = try TemporaryFolder()
    let comment = [0xFF, 0xFE, 0xEA, 0x60] + [UInt8](repeating: 0, count: 0xEA60 - 2)
    let whole = try Self.bytes("color.jpg")
    let late = try place.write("late.jpg", whole.prefix(2) + comment + comment + whole.dropFirst(2))
    #expect(try ImageFile.decode(contentsOf: late).width == 23)
    try ImageFile.checkHeader(of: FilePath(late))
  }

  @Test func headersThatClaimTooMuchAreRefused() throws {
    let folder = try TemporaryFolder()
    var bmp = try Self.bytes("color.bmp")
    bmp.replaceSubrange(18..<26, with: [0, 16, 0, 0, 0, 16, 0, 0])
    let cut = try folder.write("cut.bmp", bmp)
    expectError(.malformed, "4096x4096 pixels, more than") {
      try ImageFile.checkHeader(of: FilePath(cut))
    }
    expectError(.missing, "none.jpg") {
      try ImageFile.checkHeader(of: FilePath(folder.url.appending(path: "none.jpg")))
    }
  }
}
