import Sandbox

/// A figure and, where there is one, the mark that it is to reach.
struct Figure {
    let name: String
    let value: String
    var mark = ""
}

/// How long a call takes, beside git's own helper.
struct Timing {
    let name: String
    var isOwn = false
    let sample: Sample
    var mark = ""
}

/// The measurements: each on its own, in a home and against a provider that they share.
struct Measurements {
    let settings: Settings
    let home: Household
    let driver: Driver
    let provider: SandboxServer
    let baseURL: String

    /// Answers from the store, ours and others', in turn.
    func hits(_ peers: [Peer]) throws -> [Timing] {
        let question = "protocol=https\nhost=git.example.com\n\n"
        let own: [(name: String, call: Call, mark: String)] = [
            ("git get", try home.call("git", "get", input: question), "1.0"),
            ("get", try home.call("get", input: "{\"uri\":\"https://git.example.com/\"}"), "1.3"),
            ("token", try home.call("token"), "1.3"),
            ("docker get", try home.call("docker", "get", input: "git.example.com"), "1.3"),
            ("kubernetes", try home.call("kubernetes"), "1.3"),
            // What it costs to start and to answer nothing.
            ("version", try home.call("version"), ""),
        ]
        _ = try driver.run(own[2].call)
        // The slow ones, which take as long as hundreds of the others, by themselves.
        var quick: [Peer] = []
        var slow: [Timing] = []
        for peer in peers {
            if try driver.run(peer.call).milliseconds < 20 {
                quick.append(peer)
            } else {
                let sample = try driver.alternate([peer.call], runs: min(settings.runs, 10))[0]
                slow.append(Timing(name: name(of: peer), sample: sample))
            }
        }
        let samples = try driver.alternate(quick.map(\.call) + own.map(\.call), runs: settings.runs)
        let others = zip(quick, samples).map { Timing(name: name(of: $0), sample: $1) }
        let ours = zip(own, samples.dropFirst(quick.count)).map { own, sample in
            Timing(name: "butlr-credential \(own.name)", isOwn: true, sample: sample, mark: own.mark)
        }
        return ours + others + slow
    }

    private func name(of peer: Peer) -> String {
        peer.name + (peer.remark.isEmpty ? "" : " (\(peer.remark))")
    }

    /// A token that must be fetched, beside curl's same request.
    func miss() throws -> Figure {
        let name = "a miss ÷ `curl` making the same request"
        guard let curl = findProgram("curl") else {
            return Figure(name: name, value: "curl is not installed")
        }
        let body =
            "{\"client_id\":\"client_sandbox\",\"client_secret\":\"sandbox-secret\","
            + "\"audience\":\"https://butlrauth/\",\"grant_type\":\"client_credentials\"}"
        let file = try home.write(body, to: "request.json")
        let request = try home.program([
            curl, "-sS", "-H", "Content-Type: application/json", "--data-binary", "@\(file)",
            "\(baseURL)/api/v2/clients/login",
        ])
        let samples = try driver.alternate(
            [request, try home.call("token")], runs: max(settings.runs / 4, 5)
        ) {
            () throws in try home.forgetToken()
        }
        return Figure(name: name, value: ratio(samples[1].median, samples[0].median), mark: "1.2")
    }

    /// Many callers that find no token, all at once.
    func crowd() throws -> [Figure] {
        let size = 200
        let call = try home.call("token")
        var logins: [Int] = []
        var ratios: [Double] = []
        for _ in 0..<3 {
            try home.forgetToken()
            let miss = try driver.run(call).milliseconds
            let hits = try driver.crowd(call, size: size)
            try home.forgetToken()
            let before = provider.requests.count
            let cold = try driver.crowd(call, size: size)
            logins.append(provider.requests.count - before)
            ratios.append(cold / (miss + hits))
        }
        return [
            Figure(name: "\(size) cold callers at once: logins", value: "\(logins.max()!)", mark: "1"),
            Figure(
                name: "\(size) cold callers at once: time ÷ (one miss + \(size) hits)",
                value: fixed(Sample(ratios).median, 2), mark: "1.5"),
        ]
    }

    /// What an answer from the store asks of the machine.
    func footprint() throws -> [Figure] {
        let call = try home.call("git", "get", input: "protocol=https\nhost=git.example.com\n\n")
        _ = try driver.run(try home.call("token"))
        var figures: [Figure] = []
        if let strace = findProgram("strace") {
            let trace = home.path + "/trace"
            var traced = call
            traced.words = [strace, "-f", "-o", trace] + call.words
            _ = try driver.run(traced)
            let calls = contents(of: trace).split(separator: "\n").filter { $0.contains("(") }
            let opened = calls.filter { $0.contains("openat(") && !$0.contains("= -1") }
            let network = opened.contains { $0.contains("libcurl") || $0.contains("libssl") }
            figures.append(Figure(name: "hit: system calls", value: "\(calls.count)", mark: "80"))
            figures.append(
                Figure(
                    name: "hit: files opened",
                    value: "\(opened.count)"
                        + (network ? ", a network library among them" : ", no network library")))
        } else {
            figures.append(Figure(name: "hit: system calls", value: "strace is not installed"))
        }
        do {
            let bytes = try driver.peakMemory(of: call)
            figures.append(
                Figure(name: "hit: peak memory in MB", value: fixed(Double(bytes) / 1e6, 1), mark: "10"))
        } catch {
            figures.append(Figure(name: "hit: peak memory in MB", value: "\(error)"))
        }
        figures.append(Figure(name: "hit: page faults", value: "\(try driver.run(call).pageFaults)"))
        var status = stat()
        if stat(home.helper, &status) == 0 {
            figures.append(
                Figure(name: "the program in MB", value: fixed(Double(status.st_size) / 1e6, 1), mark: "7"))
        }
        return figures
    }

    /// How an answer grows with what is configured and kept.
    func scale() throws -> [Figure] {
        let call = try home.call("git", "get", input: "protocol=https\nhost=git.example.com\n\n")
        let many = try Household(helper: home.helper, provider: baseURL)
        defer { many.remove() }
        let manyCall = try many.call("git", "get", input: "protocol=https\nhost=git.example.com\n\n")
        for each in [call, manyCall] { _ = try driver.run(each) }
        try many.writeTokens(10_000)
        var figures: [Figure] = []
        for (profiles, mark) in [(200, "1.3"), (1000, "1.7")] {
            try many.writeConfig(provider: baseURL, others: profiles - 1)
            let samples = try driver.alternate([call, manyCall], runs: settings.runs)
            figures.append(
                Figure(
                    name: "hit with \(profiles) profiles and 10,000 token files ÷ with one",
                    value: ratio(samples[1].median, samples[0].median), mark: mark))
        }
        return figures
    }

    /// Callers every 50 ms while tokens of 30 s come to their end, from a provider that takes 300 ms.
    func renewal() throws -> [Figure] {
        let lifetime = 30
        let latency = 300
        provider.configure {
            $0.expiresIn = lifetime
            $0.latency = latency
        }
        defer { provider.configure { $0 = SandboxOptions() } }
        let call = try home.call("token")
        try home.forgetToken()
        _ = try driver.run(call)
        let before = provider.requests.count
        var times: [Double] = []
        let end = now() + Double(settings.renewalSeconds) * 1000
        while now() < end {
            try Interrupt.check()
            times.append(try driver.run(call).milliseconds)
            usleep(50_000)
        }
        let sample = Sample(times)
        let lifetimes = Double(settings.renewalSeconds) / Double(lifetime)
        let requests = Double(provider.requests.count - before) / lifetimes
        return [
            Figure(
                name: "renewed ahead, callers every 50 ms: 99th percentile ÷ median hit",
                value: ratio(sample.percentile(99), sample.median), mark: "3"),
            Figure(
                name: "renewed ahead: answers that waited for the network",
                value: "\(times.filter { $0 > Double(latency) }.count) of \(times.count)", mark: "0"),
            Figure(name: "renewed ahead: requests a lifetime", value: fixed(requests, 1), mark: "2"),
        ]
    }

    /// A release build from nothing, of the package in this folder.
    func build() throws -> Figure {
        let name = "clean release build in s"
        guard let swift = findProgram("swift") else {
            return Figure(name: name, value: "swift is not installed")
        }
        var call = try home.program([
            swift, "build", "-c", "release", "--product", "butlr-credential", "--scratch-path",
            home.path + "/build",
        ])
        // The toolchain may depend on the person's own environment.
        var next = environ
        call.environment = []
        while let entry = next.pointee {
            call.environment.append(String(cString: entry))
            next += 1
        }
        return Figure(name: name, value: fixed(try driver.run(call).milliseconds / 1000, 0), mark: "120")
    }
}

func ratio(_ value: Double, _ base: Double) -> String { fixed(value / base, 2) }
