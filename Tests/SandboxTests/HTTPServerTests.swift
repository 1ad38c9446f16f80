import Platform
import Sandbox
import Synchronization
import Testing

@Suite struct HTTPServerTests {
    /// Answers with what it understood of the request.
    private static let echo: HTTPServer.Handler = { request in
        let parts = [
            request.method, request.path, request.query, request.header("x-test") ?? "-", request.text,
        ]
        return .response(HTTPServer.Response(status: 200, body: Array(parts.joined(separator: "|").utf8)))
    }

    @Test(arguments: [
        ("GET /a/b?c=d&e?f HTTP/1.1\r\nX-TEST:  v \t\r\n\r\n", "GET|/a/b|c=d&e?f|v|"),
        ("PUT / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabcdef", "PUT|/||-|abc"),
        ("GET http://example.com/x?y HTTP/1.1\r\n\r\n", "GET|/x|y|-|"),
        ("CONNECT example.com:443 HTTP/1.1\r\n\r\n", "CONNECT|example.com:443||-|"),
        ("GET / HTTP/1.1\nx-test: lenient\n\n", "GET|/||lenient|"),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: t\r\n\r\n",
            "POST|/||-|abc0123456789"
        ),
    ])
    func aRequestIsUnderstood(message: String, echo: String) throws {
        try withServer(Self.echo) { url in
            for piece in [message.utf8.count, 1] {
                let client = try RawClient(baseURL: url)
                // Also byte by byte, as a network may deliver it.
                var rest = Array(message.utf8)[...]
                while !rest.isEmpty {
                    client.send(Array(rest.prefix(piece)))
                    rest = rest.dropFirst(piece)
                }
                let reply = try #require(try client.reply())
                #expect(reply.status == 200)
                #expect(reply.text == echo)
                #expect(reply.headers["content-length"] == String(echo.utf8.count))
                #expect(reply.headers["connection"] == "close")
            }
        }
    }

    @Test func everyResponseHasADate() throws {
        try withServer(Self.echo) { url in
            for message in ["GET / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n"] {
                let before = Clock.system.now().seconds
                let client = try RawClient(baseURL: url)
                client.send(message)
                let header = try client.reply()?.headers["date"] ?? "none"
                let date = try #require(Timestamp(httpDate: header))
                #expect((before...Clock.system.now().seconds).contains(date.seconds))
            }
        }
    }

    @Test(arguments: [
        ("GET /\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\n\r\n", 400),
        ("G(T / HTTP/1.1\r\n\r\n", 400),
        ("GET  HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nName : value\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n", 431),
        ("GET /\(String(repeating: "x", count: 200_000)) HTTP/1.1\r\n\r\n", 431),
    ])
    func aMalformedOrExcessiveRequestIsRefused(message: String, status: Int) throws {
        let handler: HTTPServer.Handler = { _ in .raw([]) }
        try withServer(handler) { url in
            let client = try RawClient(baseURL: url)
            client.send(message)
            #expect(try client.reply()?.status == status)
        }
    }

    @Test func aRefusalReachesAClientThatIsStillSending() throws {
        try withServer(Self.echo) { url in
            let client = try RawClient(baseURL: url)
            client.send("POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n")
            #expect(client.hasInput(within: 30_000))
            client.send([UInt8](repeating: 0, count: 1000))
            #expect(try client.reply()?.status == 413)
        }
    }

    @Test func aClientThatAsksFirstIsToldToGoOn() throws {
        try withServer(Self.echo) { url in
            let client = try RawClient(baseURL: url)
            client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(client.hasInput(within: 30_000))
            client.send("ab")
            let received = String(decoding: try client.receiveAll(), as: UTF8.self)
            #expect(received.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
            #expect(received.hasSuffix("|ab"))
        }
    }

    @Test func aHeadResponseHasNoContent() throws {
        try withServer(Self.echo) { url in
            let client = try RawClient(baseURL: url)
            client.send("HEAD / HTTP/1.1\r\n\r\n")
            let reply = try #require(try client.reply())
            #expect(reply.headers["content-length"] == "10")
            #expect(reply.text.isEmpty)
        }
    }

    @Test func givenHeadersAreNotReplaced() throws {
        let response = HTTPServer.Response(
            status: 307, headers: ["location": "/x", "date": "never", "content-length": "1"], body: [65])
        let handler: HTTPServer.Handler = { _ in .response(response) }
        try withServer(handler) { url in
            let client = try RawClient(baseURL: url)
            client.send("GET / HTTP/1.1\r\n\r\n")
            let text = String(decoding: try client.receiveAll(), as: UTF8.self)
            #expect(
                text == "HTTP/1.1 307 Temporary Redirect\r\nlocation: /x\r\ndate: never\r\n"
                    + "content-length: 1\r\nConnection: close\r\n\r\nA")
        }
    }

    @Test func rawAnswersGoOutAsTheyAre() throws {
        let handler: HTTPServer.Handler = { _ in
            .raw([.send("HTTP/9 "), .pause(milliseconds: 1), .send([0, 255])])
        }
        try withServer(handler) { url in
            let client = try RawClient(baseURL: url)
            client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try client.receiveAll() == Array("HTTP/9 ".utf8) + [0, 255])
        }
    }

    @Test func anAnswerCanBeAReset() throws {
        let handler: HTTPServer.Handler = { _ in .raw([.reset, .send("never")]) }
        try withServer(handler) { url in
            let client = try RawClient(baseURL: url)
            client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(throws: SystemError(ECONNRESET)) { try client.receiveAll() }
        }
    }

    @Test func aClientThatLeavesHarmsNobody() throws {
        let block = [UInt8](repeating: 0, count: 100_000)
        let left = Atomic(0)
        // `hang` ends when the client is gone; what follows is sent to nobody.
        let steps = [.hang] + Array(repeating: HTTPServer.RawStep.send(block), count: 20)
        let handler: HTTPServer.Handler = { request in
            if request.path == "/hang" {
                left.add(1, ordering: .relaxed)
                return .raw(steps)
            }
            return Self.echo(request)
        }
        try withServer(handler) { url in
            for _ in 1...10 { try RawClient(baseURL: url).send("GET /hang HTTP/1.1\r\n\r\n") }
            for _ in 1...10 {
                try RawClient(baseURL: url).send("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n")
            }
            waitUntil { left.load(ordering: .relaxed) == 10 }
            for _ in 1...10 {
                let client = try RawClient(baseURL: url)
                client.send("GET / HTTP/1.1\r\n\r\n")
                #expect(try client.reply()?.status == 200)
            }
        }
    }

    @Test func twoHundredConnectionsAreServedAtOnce() throws {
        let waiting = Atomic(0)
        // No one is answered before all have asked.
        let handler: HTTPServer.Handler = { request in
            waiting.add(1, ordering: .relaxed)
            let areAllHere = { waiting.load(ordering: .relaxed) == 200 }
            waitUntil(areAllHere)
            return areAllHere() ? Self.echo(request) : .raw([])
        }
        try withServer(handler) { url in
            let clients = try (1...200).map { _ in try RawClient(baseURL: url) }
            for client in clients { client.send("GET / HTTP/1.1\r\n\r\n") }
            for client in clients { #expect(try client.reply()?.status == 200) }
        }
    }

    @Test func stopEndsEverythingAndFreesThePort() throws {
        let entered = Atomic(0)
        // None that the system gives out, to another test too, once it is free.
        let port = UInt16.random(in: 20_000..<32_768)
        let server = HTTPServer(port: port) { request in
            entered.add(1, ordering: .relaxed)
            return request.path == "/hang"
                ? .raw([.hang])
                : .raw(Array(repeating: .send([UInt8](repeating: 0, count: 1 << 20)), count: 1000))
        }
        let url = try server.start()
        #expect(try server.start() == url)

        let silent = try RawClient(port: port)
        let hanging = try RawClient(port: port)
        hanging.send("GET /hang HTTP/1.1\r\n\r\n")
        // It does not read, so that the server can send no more at some point.
        let deaf = try RawClient(port: port)
        deaf.send("GET /flood HTTP/1.1\r\n\r\n")
        waitUntil { entered.load(ordering: .relaxed) == 2 }
        server.stop()
        server.stop()

        #expect(try silent.receiveAll().isEmpty)
        #expect(try hanging.receiveAll().isEmpty)
        #expect(throws: SystemError(ECONNREFUSED)) { try RawClient(port: port) }

        let successor = HTTPServer(port: port, handler: Self.echo)
        #expect(try successor.start() == url)
        #expect(throws: SocketError.self) { try HTTPServer(port: port, handler: Self.echo).start() }
        successor.stop()
        #expect(try successor.start() == url)
        successor.stop()
    }

    @Test func aServerThatIsForgottenStops() throws {
        var server: HTTPServer? = HTTPServer(handler: Self.echo)
        let url = try #require(try server?.start())
        server = nil
        #expect(throws: SystemError(ECONNREFUSED)) { try RawClient(baseURL: url) }
    }
}
