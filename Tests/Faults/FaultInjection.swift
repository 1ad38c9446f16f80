import Platform
import TestSupport

/// One thing that the helper does, repeated once for every fault of every system call that it makes.
struct FaultInjection: Part {
    let name: String
    let title: String
    /// What the helper finds.
    let state: Home.State
    let arguments: [String]
    var input: Program.Input = .null
    /// How many points the short form tries.
    static let sample = 330

    static let all = [
        FaultInjection(
            name: "miss", title: "a login by a caller's request", state: .empty, arguments: ["get"]),
        FaultInjection(
            name: "refresh", title: "a refresh with rotation", state: .ended, arguments: ["get"]),
        FaultInjection(
            name: "renew-ahead", title: "a renewal in the background", state: .aging,
            arguments: ["--no-input", "renew-ahead"]),
        FaultInjection(
            name: "login", title: "`login` by a script", state: .unknown,
            arguments: [
                "--no-input", "login", "--provider", "oauth2", "--token-endpoint", "URL", "--client-auth",
                "none", "--client-id", "CLIENT", "--grant", "password", "--username", "ada", "--secret-stdin",
            ], input: "secret\n"),
    ]

    func run(_ arguments: Arguments) async throws -> Section {
        guard Program.find("strace") != nil else { throw Impossible(reason: "strace is not installed") }
        let provider = RotatingProvider { _ in Home.lifetime }
        let (server, url) = try provider.serve()
        defer { server.stop() }
        var homes: [Home] = []
        for number in 0..<2 {
            homes.append(try await Home(client: "\(name)-\(number)", provider, at: url))
        }
        let trials = homes.map { Trial(part: self, home: $0, provider: provider, url: url) }
        var calls: [SystemCall] = []
        for trial in trials { calls = try await trial.calls() }
        // As it is when nothing goes wrong.
        let configs = try homes.map { try $0.helper.home.read(Home.config) }

        var points = calls.flatMap { call in
            [Point(call: call, fault: .kill)] + call.errors.map { Point(call: call, fault: .error($0)) }
        }
        let all = points.count
        let wanted = arguments.points(of: name)
        if !wanted.isEmpty {
            points = points.filter { wanted.contains($0.name[...]) }
        } else if arguments.isShort {
            var generator = SeededGenerator(arguments.seed)
            points = Array(points.shuffled(using: &generator).prefix(FaultInjection.sample))
        }

        let campaign = Campaign(points)
        await withTaskGroup(of: Void.self) { group in
            for (trial, config) in zip(trials, configs) {
                group.addTask {
                    while let point = await campaign.next() {
                        await campaign.add(await trial.attempt(point, config: config), of: point)
                    }
                }
            }
        }
        let loaders = calls.count { $0.isOfLoader }
        var section = Section(title: "\(name): \(title)")
        section.text = """
            \(calls.count) system calls, \(loaders) of them before the program's own code begins: there it is only \
            killed. \(points.count) of \(all) points.

            """
        await campaign.report(in: &section)
        return section
    }
}

/// The points that are still to be tried, and what came of the others.
private actor Campaign {
    private var points: [Point]
    private var tried: [String: Int] = [:]
    private var survived: [String: Int] = [:]
    private var unclear = 0
    private var temporary = 0
    private var missed = 0
    private var failures: [Section.Failure] = []

    init(_ points: [Point]) { self.points = points.reversed() }

    func next() -> Point? { points.popLast() }

    func add(_ result: Trial.Result, of point: Point) {
        guard result.isReached else {
            missed += 1
            return
        }
        let kind = point.fault.name + (point.call.isOfLoader ? " before the program" : "")
        tried[kind, default: 0] += 1
        if result.wasUnclear { unclear += 1 }
        if result.leftTemporaryFiles { temporary += 1 }
        if result.faults.isEmpty {
            survived[kind, default: 0] += 1
            return
        }
        failures.append(
            Section.Failure(
                point: "\(result.part)/\(point.name)",
                what: result.faults.joined(separator: "; ") + ", at \(point.call.name)\(point.call.arguments)"
            ))
    }

    func report(in section: inout Section) {
        section.text += """

            | fault | tried | survived |
            | --- | ---: | ---: |

            """
        for (fault, count) in tried.sorted(by: { $0.key < $1.key }) {
            section.text += "| \(fault) | \(count) | \(survived[fault] ?? 0) |\n"
        }
        section.text += "\n"
        if unclear > 0 {
            section.text += """
                The refresh token was noted as sent, without an answer, \(unclear) times; one login mended that, each \
                time.

                """
        }
        if temporary > 0 {
            section.text += "A temporary file was left for the next writer to take over \(temporary) times.\n"
        }
        if missed > 0 { section.text += "The call was not made again in \(missed) cases.\n" }
        section.tried = tried.values.reduce(0, +)
        section.survived = survived.values.reduce(0, +)
        section.failures = failures
    }
}
/// Tries points of a part, one after the other, in a home of its own.
struct Trial {
    let part: FaultInjection
    let home: Home
    let provider: RotatingProvider
    let url: String

    struct Result {
        let part: String
        var isReached = true
        /// Whether nobody could tell whether the stored refresh token had been used.
        var wasUnclear = false
        var leftTemporaryFiles = false
        var faults: [String] = []
    }

    private var arguments: [String] {
        part.arguments.map { $0 == "URL" ? "\(url)/token" : $0 == "CLIENT" ? home.client : $0 }
    }

    private func program(tracedWith options: [String]) -> Program {
        var program = home.helper.client(
            "strace",
            ["-f", "-qq", "-o", home.helper.home.path("trace")] + options + [home.helper.executable]
                + arguments)
        // Nothing may take longer than its deadline, let alone this.
        program.timeLimit = .seconds(30)
        return program
    }

    /// The system calls that the part makes when nothing goes wrong.
    func calls() async throws -> [SystemCall] {
        try home.restore(part.state)
        let outcome = try await program(tracedWith: []).run(input: part.input)
        guard outcome.status == 0 else { throw Impossible(reason: "strace cannot trace here: \(outcome)") }
        return SystemCall.all(in: try home.helper.home.read("trace"))
    }

    /// - Parameter config: the config as the part leaves it when nothing goes wrong.
    func attempt(_ point: Point, config: String) async -> Result {
        var result = Result(part: part.name)
        do {
            try home.restore(part.state)
            let usage = provider.usage(of: home.client)
            let before = try home.helper.home.read(Home.config)
            try await strike(point, &result)
            guard result.isReached else { return result }
            if ![before, config].contains(try home.helper.home.read(Home.config)) {
                result.faults.append("the config is neither old nor new")
            }
            result.faults += try home.faultsOfFiles()
            result.leftTemporaryFiles = try !home.temporaryFiles().isEmpty
            try await mend(point, &result)
            let used = provider.usage(of: home.client) - usage
            if used.revocations + used.refusals > 0 { result.faults.append("a spent refresh token was sent") }
            if try home.helper.home.read(Home.config) != config {
                result.faults.append("the config is not new")
            }
        } catch {
            result.faults.append("\(error)")
        }
        return result
    }

    /// Runs the helper with the fault.
    private func strike(_ point: Point, _ result: inout Result) async throws {
        let began = Clock.system.now()
        let outcome = try await program(tracedWith: point.injection).run(input: part.input)
        if Clock.system.now() - began > Home.deadline + 2000 { result.faults.append("it answered too late") }
        switch point.fault {
        case .kill: result.isReached = outcome.signal == SIGKILL
        case .error:
            result.isReached = try home.helper.home.read("trace").contains("(INJECTED)")
            if let signal = outcome.signal {
                result.faults.append("it crashed: signal \(signal), \(outcome)")
            }
            if let status = outcome.status, !Trial.statuses.contains(status) {
                result.faults.append("it ended with \(outcome)")
            }
            if outcome.status == 0, arguments == ["get"], let fault = home.fault(in: outcome, began: began) {
                result.faults.append(fault)
            }
        }
    }

    /// Of the contract's outcomes, those that a fault may bring about.
    private static let statuses: Set<Int32> = [0, 65, 69, 74, 75, 76, 77, 78]

    /// Calls the helper once more, which must make everything good.
    private func mend(_ point: Point, _ result: inout Result) async throws {
        let stored = home.refreshToken()
        if part.state == .ended || part.state == .aging {
            if let stored, stored.isBeingRedeemed {
                result.wasUnclear = true
            } else if !(stored.map { provider.isGood($0.text) } ?? false) {
                result.faults.append("the refresh token is lost")
            }
        }
        let before = provider.usage(of: home.client)
        let began = Clock.system.now()
        if part.state == .unknown {
            let login = try await home.helper.program(arguments).run(input: part.input)
            if login.status != 0 { result.faults.append("another login fails: \(login)") }
        }
        // A token that is due would be answered with, and renewed by a process that outlives the call.
        let call = part.state == .aging ? ["token", "--force-refresh", "--format", "json"] : ["get"]
        let outcome = try await home.helper.program(call).run()
        if let fault = home.fault(in: outcome, began: began) {
            result.faults.append("the next call: \(fault)")
        }
        let took = Clock.system.now() - began
        if took > Home.deadline + 2000 { result.faults.append("the next call answered after \(took) ms") }
        let other = try await home.helper.run("--profile", "other", "get")
        if let fault = home.fault(in: other, ofProfile: "other", began: began) {
            result.faults.append("the other profile: \(fault)")
        }
        let used = provider.usage(of: home.client) - before
        if part.state == .ended || part.state == .aging, used.logins > (result.wasUnclear ? 1 : 0) {
            result.faults.append("the next call logged in \(used.logins) times")
        }
        result.faults += try home.faultsOfFiles()
        if result.leftTemporaryFiles {
            let logout = try await home.helper.run("logout")
            let rest = try home.temporaryFiles()
            if logout.status != 0 || !rest.isEmpty { result.faults.append("left behind: \(rest), \(logout)") }
        }
    }
}
