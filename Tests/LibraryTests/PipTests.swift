import TestSupport
import Testing

/// `integrations/pip` with pip and uv, against an index that demands a user name and password.
@Suite struct PipTests {
    /// pip before 26.2 asks `keyring get URL USER`, later ones `keyring --mode=creds --output=json get URL`: so the
    /// machine's own pip and that of `BUTLR_TEST_PYTHON` are both run where they are there.
    private static var pythons: [String] {
        var pythons = ["python3"]
        if let given = variable("BUTLR_TEST_PYTHON") { pythons.append(given) }
        return pythons
    }

    /// A simple index (PEP 503) with one package, for those whose password is `token`.
    private func index(accepting token: String, _ folder: TemporaryFolder) async throws -> ScriptedServer {
        let python = try await requirePython()
        let wheel = "demo-1.0-py3-none-any.whl"
        let script = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1], "w") as wheel:
                wheel.writestr("demo.py", "")
                wheel.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n")
                wheel.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                wheel.writestr("demo-1.0.dist-info/RECORD", "demo.py,,\\ndemo-1.0.dist-info/METADATA,,\\n"
                    "demo-1.0.dist-info/WHEEL,,\\ndemo-1.0.dist-info/RECORD,,\\n")
            """
        let made = try await Program(python, ["-c", script, folder.path(wheel)]).run()
        #expect(made.status == 0, "\(made)")
        let contents = try folder.readBytes(wheel)
        return try ScriptedServer { request, _ in
            guard request.header("Authorization") == basic("oauth2accesstoken", token) else {
                return .http("no", status: 401, headers: [("WWW-Authenticate", "Basic realm=\"index\"")])
            }
            if request.path.hasSuffix(".whl") { return .http(contents) }
            return .http(
                "<!DOCTYPE html><a href=\"../../\(wheel)\">\(wheel)</a>",
                headers: [("Content-Type", "text/html")])
        }
    }

    /// Runs pip with the integration's own config, changed to this index.
    private func pip(
        _ python: String, _ account: Account, _ index: ScriptedServer, user: String = "oauth2accesstoken@"
    ) async throws -> Program.Outcome {
        let address = "127.0.0.1:\(index.port)"
        let config = try integration(
            "pip/pip.conf",
            replacing: [("https://oauth2accesstoken@pypi.example.com", "http://\(user)\(address)")])
        let home = account.helper.home
        try home.write("pip.conf", config)
        try account.helper.install(as: "keyring")
        return try await account.program(
            python,
            [
                "-m", "pip", "install", "--no-deps", "--no-cache-dir", "--no-input", "--target",
                home.path("out"), "demo",
            ],
            ["PIP_CONFIG_FILE": home.path("pip.conf"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"]
        ).run()
    }

    @Test(.clients("python3"), arguments: pythons)
    func pipInstalls(_ name: String) async throws {
        let python = try await requirePython("pip", named: name)
        let folder = try TemporaryFolder()
        let index = try await index(accepting: "token-1", folder)
        let account = try Account(for: [index.url])
        let result = try await pip(python, account, index)
        #expect(result.status == 0, "\(result)")
        #expect(account.helper.home.exists("out/demo.py"), "\(result)")
        #expect(account.logins == 1)
    }

    /// pip 26.2 and later ask without a user name, too.
    @Test(.clients("python3")) func pipInstallsWithoutAUserName() async throws {
        let python = try await requirePython("pip")
        let version = try await Program(python, ["-c", "import pip; print(pip.__version__)"]).run().output
        let numbers = version.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count > 1, (numbers[0], numbers[1]) >= (26, 2) else {
            try Test.cancel("needs pip 26.2, but this is \(version)")
        }
        let folder = try TemporaryFolder()
        let index = try await index(accepting: "token-1", folder)
        let account = try Account(for: [index.url])
        let result = try await pip(python, account, index, user: "")
        #expect(result.status == 0, "\(result)")
    }

    @Test(.clients("python3"), arguments: pythons)
    func pipGetsANewTokenOnceTheOldOneIsOver(_ name: String) async throws {
        let python = try await requirePython("pip", named: name)
        let folder = try TemporaryFolder()
        let index = try await index(accepting: "token-2", folder)
        let account = try Account(for: [index.url], lifetime: 0)
        let first = try await account.helper.run("token")
        #expect(first.output == "token-1\n", "\(first)")
        let result = try await pip(python, account, index)
        #expect(result.status == 0, "\(result)")
    }

    @Test(.clients("python3"), arguments: pythons)
    func pipGetsNothingForAForeignIndex(_ name: String) async throws {
        let python = try await requirePython("pip", named: name)
        let folder = try TemporaryFolder()
        let index = try await index(accepting: "token-1", folder)
        let account = try Account(for: ["https://other.example/"])
        let result = try await pip(python, account, index)
        #expect(result.status != 0, "\(result)")
        #expect(!index.requests.isEmpty)
        // pip itself sends the user name of the index's URL.
        #expect(
            index.requests.allSatisfy {
                $0.header("Authorization") == nil
                    || $0.header("Authorization") == basic("oauth2accesstoken", "")
            })
        #expect(account.logins == 0)
    }

    /// - Parameter authenticates: whether uv is to ask before the index has refused it, for a name, too.
    private func uv(
        _ account: Account, _ index: ScriptedServer, authenticates: Bool = false
    ) async throws -> Program.Outcome {
        let python = try await requirePython()
        let sibling =
            python.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/uv"
        let uv = Program.find(sibling) != nil ? sibling : try requireClient("uv")
        let user = authenticates ? "" : "oauth2accesstoken@"
        var config = try integration(
            "pip/uv.toml",
            replacing: [
                ("https://oauth2accesstoken@pypi.example.com", "http://\(user)127.0.0.1:\(index.port)")
            ])
        if authenticates { config += "authenticate = \"always\"\n" }
        let home = account.helper.home
        try home.write("uv.toml", config)
        try account.helper.install(as: "keyring")
        return try await account.program(
            uv,
            [
                "pip", "install", "--config-file", home.path("uv.toml"), "--no-cache", "--python", python,
                "--target", home.path("out"), "demo",
            ]
        ).run()
    }

    @Test(.clients("python3"), arguments: [false, true]) func uvInstalls(_ authenticates: Bool) async throws {
        let folder = try TemporaryFolder()
        let index = try await index(accepting: "token-1", folder)
        let account = try Account(for: [index.url])
        let result = try await uv(account, index, authenticates: authenticates)
        #expect(result.status == 0, "\(result)")
        #expect(account.helper.home.exists("out/demo.py"), "\(result)")
        #expect(account.logins == 1)
    }

    @Test(.clients("python3")) func uvGetsANewTokenOnceTheOldOneIsOver() async throws {
        let folder = try TemporaryFolder()
        let index = try await index(accepting: "token-2", folder)
        let account = try Account(for: [index.url], lifetime: 0)
        let first = try await account.helper.run("token")
        #expect(first.output == "token-1\n", "\(first)")
        let result = try await uv(account, index)
        #expect(result.status == 0, "\(result)")
    }

    @Test(.clients("python3")) func uvGetsNothingForAForeignIndex() async throws {
        let folder = try TemporaryFolder()
        let index = try await index(accepting: "token-1", folder)
        let account = try Account(for: ["https://other.example/"])
        let result = try await uv(account, index)
        #expect(result.status != 0, "\(result)")
        #expect(!index.requests.isEmpty)
        #expect(
            index.requests.allSatisfy {
                $0.header("Authorization") == nil
                    || $0.header("Authorization") == basic("oauth2accesstoken", "")
            })
        #expect(account.logins == 0)
    }
}

/// The header of RFC 7617.
private func basic(_ user: String, _ password: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array("\(user):\(password)".utf8)
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let number = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for digit in 0..<4 {
            text.append(digit <= group.count ? alphabet[number >> (18 - 6 * digit) & 63] : "=")
        }
    }
    return "Basic " + text
}
