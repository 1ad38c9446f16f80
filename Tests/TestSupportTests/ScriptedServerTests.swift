import TestSupport
import Testing

@Suite struct ScriptedServerTests {
    /// All that comes back on a connection on which `text` was sent, and the error it ended with.
    static func exchange(_ server: ScriptedServer, _ text: String) async throws -> (String, Int32) {
        let port = server.port
        let result = try await onOwnThread {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            address.sin_port = port.bigEndian
            #if canImport(Darwin)
                let client = socket(AF_INET, SOCK_STREAM, 0)
            #else
                let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #endif
            defer { close(client) }
            let failure = withUnsafeBytes(of: &address) {
                connect(
                    client, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                    socklen_t(MemoryLayout<sockaddr_in>.size))
            }
            guard failure == 0 else { throw SystemFailure("connect") }
            let bytes = Array(text.utf8)
            guard write(client, bytes, bytes.count) == bytes.count else { throw SystemFailure("write") }
            var answer: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(client, &chunk, chunk.count)
                if count <= 0 { return (answer, count < 0 ? errno : 0) }
                answer += chunk[..<count]
            }
        }
        return (String(decoding: result.0, as: UTF8.self), result.1)
    }

    @Test func readsRequestsOfEveryShape() async throws {
        let server = try ScriptedServer { _, index in
            .http("answer \(index)", status: 200 + index, then: index == 2 ? .close : .keepAlive)
        }
        let (answer, failure) = try await Self.exchange(
            server,
            """
            GET /one?q=1 HTTP/1.1\r\nHost: x\r\n\r\n\
            POST /two HTTP/1.1\r\ncontent-length: 21\r\nX-A:  b: c\r\n\r\na=%41+b&c=d%26%3D&e&f=\
            POST /three HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\n\r\n
            """)
        #expect(failure == 0)
        #expect(
            answer == """
                HTTP/1.1 200 Status\r\nContent-Length: 8\r\n\r\nanswer 0\
                HTTP/1.1 201 Status\r\nContent-Length: 8\r\n\r\nanswer 1\
                HTTP/1.1 202 Status\r\nContent-Length: 8\r\nConnection: close\r\n\r\nanswer 2
                """)
        let requests = server.requests
        try #require(requests.count == 3)
        #expect(requests[0].target == "/one?q=1")
        #expect(requests[0].path == "/one")
        #expect(requests[1].method == "POST")
        #expect(requests[1].form == ["a": "A b", "c": "d&=", "e": "", "f": ""])
        #expect(requests[1].header("x-a") == "b: c")
        #expect(requests[2].text == "abc0123456789")
        #expect(server.connectionCount == 1)
    }

    @Test func resetsTheConnection() async throws {
        let server = try ScriptedServer { _, _ in .raw("part", then: .reset) }
        let (_, failure) = try await Self.exchange(server, "GET / HTTP/1.1\r\n\r\n")
        #expect(failure == ECONNRESET)
    }

    @Test func dripsAndCuts() async throws {
        let server = try ScriptedServer { _, index in
            index == 0
                ? .raw("abcdefg").dripped(by: 2, every: .milliseconds(1))
                : .raw("abcdefg").cut(after: 3).delayed(by: .milliseconds(1))
        }
        #expect(try await Self.exchange(server, "GET / HTTP/1.1\r\n\r\n") == ("abcdefg", 0))
        #expect(try await Self.exchange(server, "GET / HTTP/1.1\r\n\r\n") == ("abc", 0))
    }

    @Test func greetsBeforeAnyRequest() async throws {
        let server = try ScriptedServer(greeting: .raw("SSH-2.0-not-http\r\n")) { _, _ in .close }
        #expect(try await Self.exchange(server, "GET / HTTP/1.1\r\n\r\n").0 == "SSH-2.0-not-http\r\n")
        #expect(server.requests.isEmpty)
    }

    @Test func stopsWhateverItsConnectionsDo() async throws {
        let server = try ScriptedServer { _, index in
            index == 0 ? .hang : .raw("abc").dripped(every: .seconds(1000))
        }
        async let hanging = Self.exchange(server, "GET / HTTP/1.1\r\n\r\n")
        async let dripping = Self.exchange(server, "GET / HTTP/1.1\r\n\r\n")
        try await server.waitForRequests(2)
        server.stop()
        #expect(try await hanging == ("", 0))
        #expect(try await dripping == ("", 0))
        server.stop()
        await #expect(throws: SystemFailure("connect", ECONNREFUSED)) {
            try await Self.exchange(server, "x")
        }
    }

    @Test func waitsForRequestsOnlySoLong() async throws {
        let server = try ScriptedServer { _, _ in .close }
        await #expect(throws: ScriptedServer.TooFewRequests.self) {
            try await server.waitForRequests(1, limit: .milliseconds(10))
        }
    }

    @Test func waitsAtAGate() async throws {
        let gate = try Gate()
        let server = try ScriptedServer { _, _ in
            gate.wait()
            return .raw("after")
        }
        async let answer = Self.exchange(server, "GET / HTTP/1.1\r\n\r\n")
        try await server.waitForRequests(1)
        gate.open()
        #expect(try await answer == ("after", 0))
    }

    @Test func refusesConnectionsAtAClosedPort() async throws {
        let closed = try ScriptedServer.ClosedPort()
        let probe = try await Program(
            "sh", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(closed.port)"], environment: .inherited("PATH")
        ).run()
        #expect(probe.status != 0)
    }

    @Test func servesManyAtOnce() async throws {
        let server = try ScriptedServer { request, _ in .raw(request.path) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                group.addTask {
                    try await Self.exchange(server, "GET /\(number) HTTP/1.1\r\n\r\n").0 == "/\(number)"
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(server.requests.count == 60)
    }
}
