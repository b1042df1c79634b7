import Foundation
import Synchronization
import Testing

/// Serves a folder over HTTP on the loopback interface, always whole files: it cannot continue one.
final class FileServer: Sendable {
  /// The address of the folder, ending in a slash.
  let url: String
  private let listener: Int32
  private let answers = Mutex<[String]>([])
  /// The paths that were asked for, in order.
  var requests: [String] { answers.withLock { $0 } }

  init(_ folder: URL) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(listener >= 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 8) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    try #require(isBound)
    self.listener = listener
    url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/"
    Thread.detachNewThread { [self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        answer(client, from: folder)
        close(client)
      }
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func answer(_ client: Int32, from folder: URL) {
    var request = [UInt8](repeating: 0, count: 4096)
    let count = read(client, &request, request.count)
    let words = String(decoding: request.prefix(max(count, 0)), as: UTF8.self).split(separator: " ")
    guard words.count > 1 else { return }
    let path = String(words[1].dropFirst())
    answers.withLock { $0.append(path) }
    let body = try? Data(contentsOf: folder.appending(path: path))
    let head =
      "HTTP/1.1 \(body == nil ? "404 Not Found" : "200 OK")\r\n"
      + "Content-Length: \(body?.count ?? 0)\r\nConnection: close\r\n\r\n"
    let bytes = Array(head.utf8) + (body ?? Data())
    var sent = 0
    while sent < bytes.count {
      let written = bytes[sent...].withUnsafeBytes {
        send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if written <= 0 { return }
      sent += written
    }
  }
}
