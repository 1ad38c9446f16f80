extension ScriptedServer {
    /// The bytes to send, and what becomes of the connection then.
    public struct Reply: Sendable {
        /// What happens after the last byte.
        public enum Ending: Sendable {
            /// The connection is closed in good order.
            case close
            /// The connection waits for another request.
            case keepAlive
            /// Nothing, until the server stops or the client gives up.
            case hang
            /// The connection is torn down with a TCP reset.
            case reset
            /// These bytes, over and over, until the server stops or the client gives up.
            case flood([UInt8])
        }

        struct Piece: Sendable {
            var pause: Duration = .zero
            var bytes: [UInt8]
        }

        var pieces: [Piece]
        var ending: Ending

        /// These bytes and no others, HTTP or not.
        public static func raw(_ bytes: [UInt8], then ending: Ending = .close) -> Reply {
            Reply(pieces: [Piece(bytes: bytes)], ending: ending)
        }

        /// This text and nothing else, HTTP or not. A line's end is to be written as `\r\n`.
        public static func raw(_ text: String, then ending: Ending = .close) -> Reply {
            raw(Array(text.utf8), then: ending)
        }

        /// A well-formed HTTP response. `Content-Length` and `Connection` are added unless given: also wrong
        /// ones, where a test wants that.
        public static func http(
            _ body: [UInt8], status: Int = 200, headers: [(name: String, value: String)] = [],
            then ending: Ending = .close
        ) -> Reply {
            var headers = headers
            func add(_ name: String, _ value: String) {
                if headers.contains(where: { $0.name.lowercased() == name.lowercased() }) { return }
                headers.append((name, value))
            }
            add("Content-Length", String(body.count))
            if case .close = ending { add("Connection", "close") }
            let fields = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
            return raw(Array("HTTP/1.1 \(status) Status\r\n\(fields)\r\n".utf8) + body, then: ending)
        }

        /// A well-formed HTTP response with a text.
        public static func http(
            _ body: String = "", status: Int = 200, headers: [(name: String, value: String)] = [],
            then ending: Ending = .close
        ) -> Reply {
            http(Array(body.utf8), status: status, headers: headers, then: ending)
        }

        /// A well-formed HTTP response with a JSON text.
        public static func json(
            _ body: String, status: Int = 200, headers: [(name: String, value: String)] = [],
            then ending: Ending = .close
        ) -> Reply {
            http(
                body, status: status, headers: [("Content-Type", "application/json")] + headers,
                then: ending)
        }

        /// No answer until the server stops or the client gives up.
        public static let hang = Reply(pieces: [], ending: .hang)
        /// This text, then another, over and over, until the server stops or the client gives up.
        public static func flood(_ text: String, after beginning: String = "") -> Reply {
            raw(beginning, then: .flood(Array(text.utf8)))
        }

        /// No answer: the connection is closed.
        public static let close = Reply(pieces: [], ending: .close)
        /// No answer: the connection is reset.
        public static let reset = Reply(pieces: [], ending: .reset)

        /// The same after a pause.
        public func delayed(by pause: Duration) -> Reply {
            Reply(pieces: [Piece(pause: pause, bytes: [])] + pieces, ending: ending)
        }

        /// The same, `count` bytes at a time with a pause before each.
        public func dripped(by count: Int = 1, every pause: Duration) -> Reply {
            let bytes = pieces.flatMap(\.bytes)
            let drops = stride(from: 0, to: bytes.count, by: count).map { start in
                Piece(pause: pause, bytes: Array(bytes[start..<min(start + count, bytes.count)]))
            }
            return Reply(pieces: drops, ending: ending)
        }

        /// Only the first `count` bytes of the same, then `ending`: a response that was cut.
        public func cut(after count: Int, then ending: Ending = .close) -> Reply {
            Reply(pieces: [Piece(bytes: Array(pieces.flatMap(\.bytes).prefix(count)))], ending: ending)
        }
    }
}
