import FlyingFox
import FlyingSocks
import Foundation
import Glibc
import Synchronization
import Training

/// Serves a run's page to browsers on this machine.
struct ReportServer {
  let page: LivePage
  /// The port to listen on; 0 for any that is free.
  let port: UInt16

  private static let host = "127.0.0.1"

  /// Serves until a signal asks to stop; `report` gets the address once browsers can connect.
  ///
  /// Throws with status 73 where the port cannot be had.
  func serve(report: (String) -> Void) throws {
    Interrupt.install(answer: "")
    let server = HTTPServer(address: try .inet(ip4: Self.host, port: port), logger: .disabled)
    let failure = Mutex<(any Error)?>(nil)
    let port = Mutex<UInt16?>(nil)
    Task {
      await addRoutes(to: server)
      do { try await server.run() } catch { failure.withLock { $0 = error } }
    }
    Task {
      try await server.waitUntilListening()
      if case .ip4(_, let number) = await server.listeningAddress {
        port.withLock { $0 = number }
      }
    }
    var isReported = false
    while !Interrupt.isRequested {
      if let error = failure.withLock({ $0 }) { throw self.failure(error) }
      if !isReported, let number = port.withLock({ $0 }) {
        report("http://\(Self.host):\(number)/")
        isReported = true
      }
      usleep(20_000)
    }
  }

  private func addRoutes(to server: HTTPServer) async {
    let page = page
    await server.appendRoute("GET /") { request in
      try Self.answer(request, type: "text/html; charset=utf-8") { try page.html }
    }
    await server.appendRoute("GET /version") { request in
      try Self.answer(request, type: "text/plain; charset=utf-8") { page.version }
    }
  }

  /// An answer to who asks for this machine by its own name: a page of the web, whose name was made
  /// to lead here, gets none.
  private static func answer(
    _ request: HTTPRequest, type: String, text: () throws -> String
  ) throws -> HTTPResponse {
    let name = request.headers[.host]?.split(separator: ":").first.map(String.init)
    guard name == host || name == "localhost" else { return HTTPResponse(statusCode: .forbidden) }
    return HTTPResponse(
      statusCode: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
      body: Data(try text().utf8))
  }

  private func failure(_ error: any Error) -> TrainingError {
    var why = "\(error)"
    if case SocketError.failed(_, let code, _) = error { why = String(cString: strerror(code)) }
    return TrainingError(
      .cannotWrite, "port \(port) of \(Self.host)", why: "cannot be listened on: \(why)",
      advice: "choose another --port, or 0 for any that is free")
  }
}
