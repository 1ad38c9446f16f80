import TestSupport
import Testing

/// `integrations/python` with Python's requests and HTTPX.
@Suite struct PythonTests {
    enum Library: String, CaseIterable {
        case requests
        case httpx
        case asyncHTTPX = "async"

        var module: String { self == .requests ? "requests" : "httpx" }
    }

    /// Runs a script that sees `source`, a token source for `api`, and `send(method, url, body=None)`.
    private func run(
        _ script: String, with library: Library, _ account: Account, api: ScriptedServer,
        _ arguments: [String] = []
    ) async throws -> Program.Outcome {
        let python = try await requirePython(library.module)
        let preamble = """
            import sys, io, threading, asyncio
            from butlr_credential import *
            source = TokenSource("\(api.url)/v1")
            def send(method, url, body=None):
                if "\(library)" == "requests":
                    import requests
                    return requests.request(method, url, data=body, auth=RequestsAuth(source), timeout=20)
                import httpx
                options = dict(auth=httpx_auth(source), follow_redirects=True)
                if "\(library)" == "httpx":
                    with httpx.Client(**options) as client:
                        return client.request(method, url, content=body)
                async def send():
                    async with httpx.AsyncClient(**options) as client:
                        return await client.request(method, url, content=body)
                return asyncio.run(send())
            api = "\(api.url)"

            """
        let environment: [String: String?] = [
            "PYTHONPATH": integration("python"), "PYTHONDONTWRITEBYTECODE": "1",
        ]
        return try await account.program(python, ["-c", preamble + script] + arguments, environment).run()
    }

    @Test(.clients("python3"), arguments: Library.allCases)
    func sendsTheTokenAndRenewsItOnceItIsRefused(_ library: Library) async throws {
        let api = try ScriptedServer.accepting("token-2")
        let account = try Account(for: [api.url])
        let result = try await run(
            """
            print(send("POST", api + "/v1/things", b"body").status_code)
            print(send("POST", api + "/v1/things", b"body").status_code)
            """, with: library, account, api: api)
        #expect(result.output == "200\n200\n", "\(result)")
        #expect(
            api.authorizations("/v1/things") == ["Bearer token-1", "Bearer token-2", "Bearer token-2"])
        #expect(api.requests.map(\.text) == ["body", "body", "body"])
        #expect(account.logins == 2)
    }

    @Test(.clients("python3"), arguments: Library.allCases)
    func asksAgainOnlyOnce(_ library: Library) async throws {
        let api = try ScriptedServer.accepting("none")
        let account = try Account(for: [api.url])
        let result = try await run(
            "print(send('GET', api + '/v1/x').status_code)", with: library, account, api: api)
        #expect(result.output == "401\n", "\(result)")
        #expect(api.authorizations("/v1/x") == ["Bearer token-1", "Bearer token-2"])
    }

    @Test(.clients("python3"), arguments: Library.allCases)
    func renewsWhatHasExpired(_ library: Library) async throws {
        let api = try ScriptedServer { _, _ in .http("welcome") }
        let account = try Account(for: [api.url], lifetime: 0)
        let result = try await run(
            """
            import time
            send("GET", api + "/v1/x")
            # The helper gives a token that is over at once two seconds.
            clock = time.time
            time.time = lambda: clock() + 10
            send("GET", api + "/v1/x")
            """, with: library, account, api: api)
        #expect(result.status == 0, "\(result)")
        #expect(api.authorizations("/v1/x") == ["Bearer token-1", "Bearer token-2"])
    }

    @Test(.clients("python3"), arguments: Library.allCases)
    func keepsTheTokenFromOtherServers(_ library: Library) async throws {
        let foreign = try ScriptedServer { _, _ in .http("no", status: 401) }
        let api = try ScriptedServer { _, _ in
            .http(status: 302, headers: [("Location", "\(foreign.url)/landing")])
        }
        let account = try Account(for: [api.url, foreign.url])
        let result = try await run(
            """
            print(send("GET", api + "/v1/away").status_code)
            print(send("GET", sys.argv[1] + "/direct").status_code)
            print(send("GET", sys.argv[1] + "/v1/direct").status_code)
            print(send("GET", api + "/v10").status_code)
            """, with: library, account, api: api, [foreign.url])
        #expect(result.output == "401\n401\n401\n401\n", "\(result)")
        #expect(api.authorizations("/v1/away") == ["Bearer token-1"])
        #expect(api.authorizations("/v10") == [""])
        #expect(foreign.requests.count == 4)
        #expect(foreign.requests.allSatisfy { $0.header("Authorization") == nil })
        #expect(account.logins == 1)
    }

    @Test(.clients("python3"), arguments: Library.allCases)
    func sendsNoBodyThatCannotBeReadTwice(_ library: Library) async throws {
        let api = try ScriptedServer.accepting("token-2")
        let account = try Account(for: [api.url])
        let result = try await run(
            """
            def pieces():
                yield b"only "
                yield b"once"
            async def awaited():
                for piece in pieces(): yield piece
            body = awaited() if "\(library)" == "asyncHTTPX" else pieces()
            print(send("POST", api + "/v1/x", body).status_code)
            """, with: library, account, api: api)
        #expect(result.output == "401\n", "\(result)")
        #expect(api.requests.map(\.text) == ["only once"])
    }

    @Test(.clients("python3")) func sendsAFileAgainFromWhereItBegan() async throws {
        let api = try ScriptedServer.accepting("token-2")
        let account = try Account(for: [api.url])
        let result = try await run(
            """
            body = io.BytesIO(b"skipped, sent")
            body.seek(9)
            print(send("POST", api + "/v1/x", body).status_code)
            """, with: .requests, account, api: api)
        #expect(result.output == "200\n", "\(result)")
        #expect(api.requests.map(\.text) == ["sent", "sent"])
    }

    @Test(.clients("python3")) func callsTheHelperOnceForManyThreads() async throws {
        let api = try ScriptedServer.accepting("token-2")
        let account = try Account(for: [api.url])
        let log = account.helper.home.path("calls")
        let helper = try account.helper.home.writeScript(
            "bin/counted", "#!/bin/sh\necho call >> '\(log)'\nexec '\(account.helper.executable)' \"$@\"\n")
        let python = try await requirePython()
        let script = """
            import threading
            from butlr_credential import *
            source = TokenSource("\(api.url)", helper="\(helper)")
            tokens = []
            def many(work):
                threads = [threading.Thread(target=work) for _ in range(32)]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
            many(lambda: tokens.append(source()))
            many(lambda: tokens.append(source(rejected="token-1")))
            print(len(tokens), sorted(set(tokens)), source.credential())
            """
        let result = try await account.program(
            python, ["-c", script],
            ["PYTHONPATH": integration("python"), "PYTHONDONTWRITEBYTECODE": "1"]
        ).run()
        #expect(
            result.output
                == "64 ['token-1', 'token-2'] <Credential of profile 'default': token redacted>\n",
            "\(result)")
        #expect(try account.helper.home.read("calls") == "call\ncall\n")
        #expect(account.logins == 2)
    }

    @Test(.clients("python3")) func saysWhyThereIsNoToken() async throws {
        let account = try Account()
        let python = try await requirePython()
        let script = """
            from butlr_credential import *
            for source in [TokenSource("http://127.0.0.1:1/"), TokenSource(profile="nobody"),
                           TokenSource(helper="/no/such/helper"), TokenSource(helper="false")]:
                try:
                    source()
                except CredentialError as error:
                    print(error.code, error.retryable, bool(error.message), bool(error.hint))
            try:
                RequestsAuth(TokenSource())
            except ValueError:
                print("needs a url")
            """
        let result = try await account.program(
            python, ["-c", script],
            ["PYTHONPATH": integration("python"), "PYTHONDONTWRITEBYTECODE": "1"]
        ).run()
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 5, "\(result)")
        #expect(lines.first == "no-profile False True True", "\(result)")
        #expect(lines.dropFirst().first?.hasPrefix("config False True") == true, "\(result)")
        #expect(
            lines.dropFirst(2) == ["helper False True True", "helper False True False", "needs a url"],
            "\(result)")
        #expect(account.logins == 0)
    }

    /// What different libraries might read differently covers nothing.
    @Test(.clients("python3")) func coversOnlyWhatIsBelowItsURL() async throws {
        let account = try Account()
        let python = try await requirePython()
        let script = #"""
            from butlr_credential import *
            source = TokenSource("https://api.example.com/v1/")
            for url in ["https://api.example.com/v1", "https://API.example.com:443/v1/x?y#z", "https://api.example.com./v1/x",
                        "https://user@api.example.com/v1/"]:
                assert source.covers(url), url
            for url in ["http://api.example.com/v1", "https://api.example.com:444/v1/", "https://api.example.com/v10",
                        "https://api.example.com/", "https://api.example.com/v1/../x", "https://api.example.com/v1/%2e%2E/x",
                        "https://evil.example\\@api.example.com/v1/", "https://api.example.com\\@evil.example/v1/",
                        "https://api.example.com@evil.example/v1/", "https://evil.example/v1/", "https://api.example.com:x/v1",
                        " https://api.example.com/v1/", "https:api.example.com/v1", "", "/v1/x"]:
                assert not source.covers(url), url
            print("done")
            """#
        let result = try await account.program(
            python, ["-c", script],
            ["PYTHONPATH": integration("python"), "PYTHONDONTWRITEBYTECODE": "1"]
        ).run()
        #expect(result.output == "done\n", "\(result)")
    }

    @Test(.clients("python3")) func callsButlr() async throws {
        let python = try await requirePython("requests")
        let account = try SandboxAccount()
        let result = try await account.helper.client(
            python, [integration("python/example.py")], environment: ["PYTHONDONTWRITEBYTECODE": "1"]
        ).run()
        #expect(result.output.contains("client_sandbox"), "\(result)")
        #expect(account.sandbox.requests.count == 1)
    }
}
