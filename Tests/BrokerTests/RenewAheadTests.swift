import Platform
import TestSupport
import Testing

/// A token past two thirds of its life, which is renewed while it is still handed out.
@Suite struct RenewAheadTests {
    /// A helper with a token that has 10 of its 60 minutes left, which is past two thirds and fresh.
    private func helperWithAgedToken(_ provider: StubProvider, _ lines: String = "renew-ahead = on")
        async throws
        -> Helper
    {
        let helper = try Helper.client(of: provider, lines)
        #expect(try await helper.run("get").token == "token0")
        try helper.age(by: 3000)
        return helper
    }

    /// Gives a process that should not be there time to show itself.
    private func waitForNobody() async throws { try await Task.sleep(for: .milliseconds(500)) }

    /// One brief try is made at a time: on a machine so slow that the first has given up before the gate opens, another
    /// follows.
    @Test func callersGetTheOldTokenWhileOneProcessFetchesANewOne() async throws {
        let gate = try Gate()
        let provider = try StubProvider { _, index in
            if index > 0 { gate.wait() }
            return .token("token\(index)")
        }
        let helper = try await helperWithAgedToken(provider)
        for result in try await helper.run(copies: 6, "get") {
            #expect(result.token == "token0" && result.source == "cache", "\(result)")
        }
        try await provider.waitForRequests(2)
        #expect(provider.requests.count == 2)
        #expect(try await helper.run("get").token == "token0")
        gate.open()
        while try await helper.run("get").token == "token0" {}
        #expect(try await helper.run("get").source == "cache")
    }

    /// ``Helper/run(_:input:environment:)`` waits until the pipes are closed, which here is before the process ends.
    @Test(arguments: ["get", "get 7>&1"])
    func theProcessHoldsNoneOfTheCallersPipes(_ call: String) async throws {
        let gate = try Gate()
        let provider = try StubProvider { _, index in
            if index > 0 { gate.wait() }
            return .token("token\(index)")
        }
        let helper = try await helperWithAgedToken(provider)
        let file = helper.configFolder.path + "/config"
        let script = helper.client(
            "sh", ["-c", "exec \"$0\" --config \"$1\" \(call)", helper.executable, file])
        #expect(try await script.run().token == "token0")
        try await provider.waitForRequests(2)
        #expect(try processes(naming: file).count == 1)
        gate.open()
    }

    /// Older systems have no close_range(2), and some do not let it be called.
    @Test(.clients("strace")) func norDoesItWhereFilesAreClosedOneByOne() async throws {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try await helperWithAgedToken(provider)
        let trace = helper.home.path("trace")
        let program = helper.client(
            "sh",
            [
                "-c",
                "exec strace -f -qq -o \"$1\" -e trace=close_range,close -e inject=close_range:error=ENOSYS"
                    + " \"$0\" get 7>&1", helper.executable, trace,
            ])
        // It ends when what it traces has.
        #expect(try await program.run().token == "token0")
        let lines = try helper.home.read("trace").split(separator: "\n")
        let refused = try #require(lines.first { $0.contains("close_range(3,") && $0.contains("ENOSYS") })
        let process = refused.prefix { $0 != " " }
        #expect(
            lines.contains { $0.hasPrefix(process) && $0.contains("close(7)") && $0.hasSuffix("= 0") },
            "\(lines)")
    }

    /// Each process that has that text in its command line, found without another one, which might have to wait.
    private func processes(naming text: String) throws -> [pid_t] {
        guard let folder = opendir("/proc") else { throw SystemFailure("opendir") }
        defer { closedir(folder) }
        var found: [pid_t] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = pid_t(name), let words = try? Folder("/proc").read("\(name)/cmdline") else {
                continue
            }
            if words.contains(text) { found.append(process) }
        }
        return found
    }

    @Test func theProcessHasASessionOfItsOwn() async throws {
        let gate = try Gate()
        let provider = try StubProvider { _, index in
            if index > 0 { gate.wait() }
            return .token("token\(index)")
        }
        let helper = try await helperWithAgedToken(provider)
        let file = helper.configFolder.path + "/config"
        #expect(try await helper.run("--config", file, "get").token == "token0")
        try await provider.waitForRequests(2)
        let found = try processes(naming: file)
        #expect(found.count == 1)
        #expect(found.allSatisfy { getsid($0) == $0 }, "\(found)")
        gate.open()
    }

    @Test(arguments: ["renew-ahead = off", "renew-ahead = on"])
    func aProfileMaySayThatThereIsNone(_ line: String) async throws {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try await helperWithAgedToken(provider, line)
        #expect(try await helper.run("get").token == "token0")
        if line.hasSuffix("on") {
            try await provider.waitForRequests(2)
        } else {
            try await waitForNobody()
            #expect(provider.requests.count == 1)
        }
    }

    @Test func aYoungTokenIsLeftAlone() async throws {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try Helper.client(of: provider, "renew-ahead = on")
        #expect(try await helper.run("get").token == "token0")
        try helper.age(by: 2000)
        #expect(try await helper.run("get").token == "token0")
        try await waitForNobody()
        #expect(provider.requests.count == 1)
    }

    @Test func whoAsksForMoreValidityThanIsLeftWaits() async throws {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try await helperWithAgedToken(provider)
        let result = try await helper.run("get", input: .text(#"{"min_ttl":900}"#))
        #expect(result.token == "token1" && result.source == "login", "\(result)")
        try await waitForNobody()
        #expect(provider.requests.count == 2)
    }

    @Test func aProviderInTroubleIsAskedOnce() async throws {
        let provider = try StubProvider { _, index in
            index == 0
                ? .token("token0") : .json("{}", status: 503, headers: ["Retry-After": "120"])
        }
        let helper = try await helperWithAgedToken(provider)
        #expect(try await helper.run("get").token == "token0")
        try await provider.waitForRequests(2)
        for _ in 0..<5 {
            let result = try await helper.run("get")
            #expect(result.token == "token0" && result.errors.isEmpty, "\(result)")
        }
        try await waitForNobody()
        #expect(provider.requests.count == 2)
    }

    @Test func aSecretThatCannotBeHadIsLookedForOnce() async throws {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try await helperWithAgedToken(provider)
        try helper.useClient(
            of: provider.url,
            "client-secret = \"command:echo again >>\(helper.home.path)/tries; exit 1\"\nrenew-ahead = on")
        try helper.config(
            try helper.configFolder.read("config").split(separator: "\n")
                .filter { !$0.contains("plain:") }.joined(separator: "\n"))
        while try !helper.home.files().contains("tries") {
            #expect(try await helper.run("get").token == "token0")
        }
        for _ in 0..<5 { #expect(try await helper.run("get").token == "token0") }
        try await waitForNobody()
        #expect(try helper.home.read("tries") == "again\n")
        #expect(provider.requests.count == 1)
    }

    /// A token that cannot be kept would be asked for by every caller anew.
    @Test func nobodyRenewsWhereNothingCanBeKept() async throws {
        try requireRoot()
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try await helperWithAgedToken(provider)
        let mount = try Mount(over: helper.stateFolder.path, kind: .readOnlyCopy)
        defer { mount.unmount() }
        for _ in 0..<3 { #expect(try await helper.run("get").token == "token0") }
        try await waitForNobody()
        #expect(provider.requests.count == 1)
    }

    /// It would be a child of the program that takes the helper's place.
    @Test func execLeavesNoProcessBehind() async throws {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try await helperWithAgedToken(provider)
        #expect(try await helper.run("exec", "--", "printenv", "BUTLR_ACCESS_TOKEN").output == "token0\n")
        try await waitForNobody()
        #expect(provider.requests.count == 1)
    }
}
