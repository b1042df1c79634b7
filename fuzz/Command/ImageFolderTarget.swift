import Datasets
import Foundation

extension Target {
  private enum Kind: UInt8, CaseIterable { case file, folder, link, pipe }

  /// A file of this target tells what lies in a folder of images: entries of a byte for split and
  /// kind, the name behind its length, the content behind its length.
  static let imageFolder = Target(
    name: "image-folder",
    seeds: [
      script([("train", .file, "a/1.png", smallest), ("val", .file, "a/2.PNG", smallest)]),
      script([
        ("train", .file, "a/1.jpg", []), ("train", .file, "b/x.jpeg", smallest),
        ("train", .file, "b/notes.txt", [1]), ("val", .file, "b/3.png", smallest),
        ("train", .folder, "c", []),
      ]),
      script([
        ("train", .file, "a/1.png", smallest), ("train", .link, "a/l.png", Array("../..".utf8)),
        ("train", .link, "b", Array("a".utf8)), ("train", .pipe, "a/p.png", []),
        ("val", .file, "a/2.PNG", smallest),
      ]),
    ] + files(in: "fuzz/corpus/image-folder"),
    words: [
      [0xFF, 0xFE], Array("\u{202E}".utf8), Array("\u{1B}[2J".utf8), Array("..".utf8),
      Array(".png".utf8), Array("/".utf8), Array("e\u{301}.jpg".utf8), Array("\u{E9}.jpg".utf8),
    ],
    memoryPerByte: png.memoryPerByte
  ) { file, bytes in
    let root = file.deletingLastPathComponent().appending(path: "folder")
    let folder = built(bytes, at: Array(root.path.utf8))
    defer { folder.remove() }
    let check = ImageFolder.check(.folder(size: 8), at: root)
    if let problem = check.problem {
      checkRefusal(problem)
      throw problem
    }
    demand(check.trainHistogram.reduce(0, +) > 0, "images to train on")
  }

  private static let smallest: [UInt8] =
    files(in: "Tests/DatasetsTests/Images", endings: ["png"]).min { $0.count < $1.count } ?? []

  private static func script(
    _ entries: [(split: String, kind: Kind, name: String, content: [UInt8])]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    for (split, kind, name, content) in entries {
      bytes.append(kind.rawValue << 1 | (split == "val" ? 1 : 0))
      bytes.append(UInt8(name.utf8.count))
      bytes += Array(name.utf8)
      bytes.append(UInt8(content.count))
      bytes += content
    }
    return bytes
  }

  private static func built(_ script: [UInt8], at root: [UInt8]) -> HostileFolder {
    var folder = HostileFolder()
    for path in ["", "/train", "/val"] { folder.addFolder(root + Array(path.utf8)) }
    var rest = script[...]
    func take(_ count: Int) -> [UInt8] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    for _ in 0..<16 {
      guard let code = take(1).first else { break }
      let name = take(Int(take(1).first ?? 0)).filter { $0 != 0 }
      let content = take(Int(take(1).first ?? 0))
      // Nothing outside the root is touched.
      let parts = name.split(separator: UInt8(ascii: "/")).filter {
        ![[46], [46, 46]].contains($0)
      }
      guard let last = parts.last, parts.count <= 3 else { continue }
      var path = root + Array((code & 1 == 0 ? "/train" : "/val").utf8)
      for part in parts.dropLast() {
        path += [UInt8(ascii: "/")] + part
        folder.addFolder(path)
      }
      path += [UInt8(ascii: "/")] + last
      switch Kind(rawValue: code >> 1 & 3) {
      case .folder: folder.addFolder(path)
      case .link: folder.addLink(path, to: content.filter { $0 != 0 })
      case .pipe: folder.addPipe(path)
      case .file, nil: folder.addFile(path, content)
      }
    }
    return folder
  }
}
