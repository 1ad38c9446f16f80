import Sandbox
import TestSupport
import Testing

/// What README.md tells a newcomer to type, typed in its order by one who has nothing yet.
@Suite struct ReadmeTests {
    /// From nothing to a working `git ls-remote`, `kubectl get --raw` and `curl`, with the sandbox as the account.
    @Test(.clients("git", "kubectl", "curl", "openssl", "python3"))
    func leadsANewcomerToWorkingTools() async throws {
        let newcomer = try Newcomer()
        let account = SandboxServer()
        let accountURL = try account.start()
        defer { account.stop() }

        try await newcomer.type(["integrations/install"], in: Readme.root.path)
        #expect(try Readme.commands(below: "Install")[1] == "export PATH=\"$HOME/.local/bin:$PATH\"")

        let first = try Readme.commands(below: "Your first token", ["http://127.0.0.1:8080": accountURL])
        #expect(first.count == 5)
        #expect(first[0] == "butlr-credential login")
        #expect(first[2] == "swift run butlr-sandbox serve --port 8080", "which this account stands for")
        #expect(first[3] == "butlr-credential login --base-url \(accountURL)")
        try await newcomer.logIn(first[3])
        let token = try await newcomer.token(first[1])
        #expect(token.hasPrefix("eyJ"))

        let git = try GitServer(
            of: newcomer.helper.home.path("served"), .basic, token: token, newcomer.helper)
        try await newcomer.type([
            "git init -q --bare served/team/repository.git",
            "git init -q work && git -C work -c user.name=A -c user.email=a@b commit -q --allow-empty -m First"
                + " && git -C work push -q ~/served/team/repository.git HEAD:refs/heads/main",
        ])
        let (cluster, gate) = try await newcomer.makeCluster()
        let commands = try Readme.commands(
            below: "Let your tools use it",
            [
                "https://git.example.com": git.url, "https://kubernetes.example.com:6443": gate.url,
                "https://api.butlr.io": accountURL,
            ])
        try #require(commands.count == 7)
        try await newcomer.type(commands[0...1])
        // A login that tries a changed profile brings a token of its own.
        git.accept(try await newcomer.token(first[1]))
        #expect(try await newcomer.type([commands[2]]).hasSuffix("\trefs/heads/main\r\n"))
        #expect(try await newcomer.type(commands[3...5]).hasSuffix(#"{"major":"1"}"#))
        let last = try await newcomer.token(first[1])
        // Some installations' kubectl asks for the server's version first, on its own account.
        #expect(Set(cluster.requests.compactMap { $0.header("Authorization") }) == ["Bearer \(last)"])
        #expect(try await newcomer.type([commands[6]]).contains("\"data\""))
        // Each `login` tries what it writes; nothing else asks for a token.
        #expect(account.requests.count == 3 && account.requests.allSatisfy { $0.status == 200 })
        await gate.stop()
    }

    /// A profile as it stands there is understood.
    @Test func describesAnotherProvider() async throws {
        let account = SandboxServer(SandboxOptions(clients: ["cli": "s3cret"]))
        let url = try account.start()
        defer { account.stop() }
        let helper = try Helper()
        try helper.home.writeScript("bin/pass", "#!/bin/sh\n[ \"$*\" = 'show id' ] && echo s3cret\n")
        let lines = try Readme.commands(below: "Use another provider", ["https://id.example.com": url])
        try helper.config(lines.joined(separator: "\n") + "\n")
        let result = try await helper.run("token", "--url", "https://api.example.com/v1")
        #expect(result.status == 0, "\(result)")
    }

    /// Every command and option that the pages for people name is one that there is.
    @Test func namesNoCommandThatThereIsNot() async throws {
        let helper = try Helper()
        let integrations = try Readme.root.folder("integrations").files().filter { $0.hasSuffix(".md") }
        var count = 0
        for page in ["README.md"] + integrations.map({ "integrations/\($0)" }) {
            for call in Readme.calls(in: try Readme.root.read(page)) {
                guard let command = call.first else { continue }
                count += 1
                let help = try await helper.run("help", command)
                #expect(help.status == 0, "\(page): \(call)")
                for option in call.prefix(while: { $0 != "--" }) where option.hasPrefix("--") {
                    let name = option.prefix { $0 != "=" }
                    #expect(help.output.contains("  \(name)"), "\(page): \(call)")
                }
            }
        }
        #expect(count > 40)
    }
}

/// README.md, read as the one who follows it does.
private enum Readme {
    static var root: Folder {
        Folder("/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/"))
    }

    /// The helper's command lines that a page sets as code, each without the program's name and the options that every
    /// command has.
    static func calls(in page: String) -> [[String]] {
        var codes: [Substring] = []
        var isFenced = false
        for line in page.split(separator: "\n") {
            if line.hasPrefix("```") {
                isFenced.toggle()
            } else if isFenced || line.hasPrefix("    ") {
                codes.append(line)
            } else {
                let parts = line.split(separator: "`", omittingEmptySubsequences: false)
                codes += parts.indices.filter { !$0.isMultiple(of: 2) }.map { parts[$0] }
            }
        }
        return codes.flatMap { code in
            code.split(separator: "butlr-credential ", omittingEmptySubsequences: false).dropFirst().map {
                rest in
                var words = rest.prefix { !"|<>;&()\"'#$`".contains($0) }.split(separator: " ").map(
                    String.init)
                while let word = words.first, word.hasPrefix("--") {
                    words.removeFirst(["--verbose", "--no-input"].contains(word) ? 1 : min(2, words.count))
                }
                let common = ["--profile", "--config", "--verbose", "--no-input"]
                return words.filter { word in !common.contains { word.hasPrefix($0) } }
            }
        }
    }

    /// The lines that are set apart in a section, one that is continued as one, with the places of a test put in.
    static func commands(below heading: String, _ changes: [String: String] = [:]) throws -> [String] {
        let text = try root.read("README.md")
        let start = try #require(text.firstRange(of: "\n## \(heading)\n"), "\(heading)")
        let rest = text[start.upperBound...]
        let section = rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        var commands: [String] = []
        for line in section.split(separator: "\n") where line.hasPrefix("    ") {
            let line = String(line.dropFirst(4))
            if commands.last?.hasSuffix("|") == true {
                commands[commands.count - 1] += line
            } else {
                commands.append(line)
            }
        }
        for (old, new) in changes {
            #expect(section.contains(old), "\(heading) no longer holds \(old)")
            commands = commands.map { $0.replacing(old, with: new) }
        }
        return commands
    }
}

/// Somebody with a home, a terminal, and nothing else.
private struct Newcomer {
    let helper: Helper

    init() throws {
        helper = try Helper(environment: [
            "TERM": "xterm", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            // What is installed is what was built for the tests.
            "BUTLR_INSTALL_BINARY": try Helper.builtExecutable("butlr-credential"),
        ])
    }

    private func terminal(_ line: String, in folder: String? = nil) throws -> Terminal {
        var program = helper.client(
            "sh", ["-c", line],
            environment: ["PATH": "\(helper.home.path)/.local/bin:\(helper.environment["PATH"] ?? "")"])
        program.workingDirectory = folder ?? helper.home.path
        return try Terminal(program, columns: 200)
    }

    /// Types lines one after the other; each must succeed.
    ///
    /// - Returns: what the last one showed.
    @discardableResult
    func type(_ lines: some Sequence<String>, in folder: String? = nil) async throws -> String {
        var screen = ""
        for line in lines {
            let end = try await terminal(line, in: folder).wait()
            try #require(end.exit == .status(0), "\(line): \(end.screen)")
            screen = end.screen
        }
        return screen
    }

    /// What a line prints, without the end of the line.
    func token(_ line: String) async throws -> String {
        try await type([line]).filter { !$0.isWhitespace }
    }

    /// Types a login, and the sandbox's client where it is asked for it.
    func logIn(_ line: String) async throws {
        let terminal = try terminal(line)
        try await terminal.expect("Grant [")
        terminal.type("\n")
        try await terminal.expect("Client ID: ")
        terminal.type("client_sandbox\n")
        try await terminal.expect("Client secret (not shown): ")
        try await terminal.expectEcho(false)
        terminal.type("sandbox-secret\n")
        let end = try await terminal.wait()
        try #require(end.exit == .status(0), "\(end.screen)")
    }

    /// A cluster that wants a token, and a kubeconfig that knows it.
    func makeCluster() async throws -> (ScriptedServer, TLSProxy) {
        let cluster = try ScriptedServer { request, _ in
            request.header("Authorization") == nil ? .json("{}", status: 401) : .json(#"{"major":"1"}"#)
        }
        let authority = try await CertificateAuthority()
        let gate = try await TLSProxy(try await authority.issue(), before: cluster)
        try await type([
            "kubectl config set-cluster c --server=\(gate.url) --embed-certs"
                + " --certificate-authority=\(authority.certificateFile)",
            "kubectl config set-context c --cluster=c", "kubectl config use-context c",
        ])
        return (cluster, gate)
    }
}
