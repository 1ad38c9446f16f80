import Sandbox

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A temporary home folder, with a config for the sandbox and with what the tools would say on standard input.
struct Household {
    let path: String
    let helper: String
    /// `NAME=value` each: nothing of the user's own settings.
    let environment: [String]

    /// - Parameter helper: the built program. A copy is measured, as it is a copy that gets installed: a file that is
    ///   written in one go lies in larger pieces in the system's memory than one that a linker has put together, and
    ///   starts a tenth faster.
    init(helper: String, provider: String) throws {
        var template = Array("/tmp/butlr-benchmark.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Trouble("there is no temporary folder") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        self.helper = "\(path)/butlr-credential"
        let search = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        environment = [
            "HOME=\(path)", "PATH=\(search)", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
            "KUBERNETES_EXEC_INFO={\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","
                + "\"spec\":{\"cluster\":{\"server\":\"https://git.example.com\"}}}",
        ]
        guard let program = FileManager.default.contents(atPath: helper),
            FileManager.default.createFile(
                atPath: self.helper, contents: program, attributes: [.posixPermissions: 0o755])
        else { throw Trouble("cannot copy \(helper)") }
        try makeFolder(".config/butlr-credential")
        try writeConfig(provider: provider)
    }

    /// Removes all of it.
    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// A call of the helper.
    func call(_ arguments: String..., input: String = "") throws -> Call {
        try program([helper] + arguments, input: input)
    }

    /// A call of another program in this home.
    func program(_ words: [String], input: String = "") throws -> Call {
        var call = Call(words: words, environment: environment)
        if !input.isEmpty { call.input = try write(input, to: "input-\(fileSafe(words))") }
        return call
    }

    /// Writes a file, its path relative to home.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)), chmod(file, 0o600) == 0
        else { throw Trouble("cannot write \(file)") }
        return file
    }

    func makeFolder(_ name: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(name)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw Trouble("cannot make \(path)/\(name)")
        }
    }

    /// A profile for the sandbox and, before it, profiles for other servers, with two URLs each.
    func writeConfig(provider: String, others: Int = 0) throws {
        var text = ""
        for number in 0..<others {
            text += profile(
                "other-\(number)", provider: "https://id\(number).example.com", host: "a\(number).example.com"
            )
            text += "    url = https://b\(number).example.com/\n"
        }
        text += profile("default", provider: provider, host: "git.example.com")
        try write(text, to: ".config/butlr-credential/config")
    }

    /// Puts files beside the stored token that look like others' tokens.
    func writeTokens(_ count: Int) throws {
        for number in 0..<count {
            try write("{}", to: ".cache/butlr-credential/other-\(number)-0123456789abcdef01234567.token")
        }
    }

    /// Removes the stored tokens, but not the folder that they lie in.
    func forgetToken() throws {
        let folder = "\(path)/.cache/butlr-credential"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard unlink("\(folder)/\(name)") == 0 else { throw Trouble("cannot remove \(folder)/\(name)") }
        }
    }

    private func profile(_ name: String, provider: String, host: String) -> String {
        """
        [profile "\(name)"]
            provider = butlr
            base-url = \(provider)
            client-id = client_sandbox
            client-secret = plain:sandbox-secret
            url = https://\(host)/

        """
    }

    private func fileSafe(_ words: [String]) -> String {
        words.joined(separator: "-").map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    }
}
