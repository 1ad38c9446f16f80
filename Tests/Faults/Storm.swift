import Platform
import Sandbox
import Synchronization
import TestSupport

/// Two hundred callers at any time that want tokens which end after a second, while those that obtain one are killed
/// and stopped at random.
struct Storm: Part {
    let name: String
    let title: String
    let places: Places
    /// How long it lasts, in seconds.
    let duration: (full: Int, short: Int)

    /// Where the callers are.
    enum Places {
        case here
        /// In two networks, each with the provider on its own loopback.
        case networks
        /// On two machines, as far as the folder is concerned.
        case mounts
    }

    static let all = [
        Storm(name: "storm", title: "a storm of callers", places: .here, duration: (120, 15)),
        Storm(
            name: "networks", title: "a storm from two networks with one folder", places: .networks,
            duration: (60, 10)),
        Storm(
            name: "mounts", title: "a storm from two mounts of one folder", places: .mounts,
            duration: (60, 10)),
    ]

    static let callers = 200
    /// How long the tokens live.
    static let lifetime: Milliseconds = 1000

    func run(_ arguments: Arguments) async throws -> Section {
        let provider = RotatingProvider(latency: 300) {
            $0.hasSuffix("-other") ? Home.lifetime : Storm.lifetime
        }
        var networks: [Network] = []
        if places == .networks {
            let first = try await Network(with: provider, port: 0)
            networks = [first, try await Network(with: provider, port: first.port)]
        }
        // Where the home's first tokens come from; nobody else is asked at the same address.
        let (server, url) =
            if let first = networks.first { (first.server, first.url) } else { try provider.serve() }
        defer { for server in [server] + networks.map(\.server) { server.stop() } }
        let home = try await Home(client: name, provider, at: url, in: networks.first)
        var mounts: [Mount] = []
        if places == .mounts {
            for _ in 0..<2 { mounts.append(try await Mount(of: home.helper.home.path)) }
        }
        defer { for mount in mounts { mount.unmount() } }
        let places: [any Place] = networks + mounts

        let before = provider.usage(of: home.client)
        let seconds = arguments.isShort ? duration.short : duration.full
        let storm = Weather(home, places, for: .seconds(seconds))
        let tally = await storm.rage(SeededGenerator(arguments.seed))

        var section = Section(title: "\(name): \(title)")
        func fail(_ what: String) { section.failures.append(.init(point: name, what: what)) }
        tally.faults.forEach(fail)
        let began = Clock.system.now()
        let mended = try await get(in: places.first, home).run()
        if let fault = home.fault(in: mended, began: began) { fail("the next call: \(fault)") }
        try home.faultsOfFiles().forEach(fail)
        let usage = provider.usage(of: home.client) - before
        if usage.revocations + usage.refusals > 0 { fail("spent refresh tokens were sent: \(usage)") }
        if usage.logins > tally.disturbances { fail("\(usage.logins) logins: more than answers were lost") }
        section.tried = tally.calls
        section.survived = tally.calls - tally.faults.count
        section.text = """
            \(Storm.callers) callers at any time for \(seconds) s, and tokens that live for \(Storm.lifetime) ms.

            | | |
            | --- | ---: |
            | calls | \(tally.calls) |
            | answered with a token | \(tally.answered) |
            | told at the deadline to try again | \(tally.late) |
            | killed | \(tally.killed) |
            | stopped, and let go on after up to 9 s | \(tally.stopped) |
            | refreshes | \(usage.refreshes) |
            | logins, where a refresh's answer was lost | \(usage.logins) |
            | refresh tokens that came twice, which revokes the login | \(usage.revocations) |
            | longest wait, where the deadline is \(Home.deadline) ms | \(tally.longestWait) ms |

            """
        return section
    }
}

private func get(in place: (any Place)?, _ home: Home) -> Program {
    let program = home.helper.program(["get"])
    return place?.inside(program) ?? program
}

/// The callers of a storm, and what is done to them.
private final class Weather: Sendable {
    struct Tally {
        var calls = 0
        var answered = 0
        var late = 0
        var killed = 0
        var stopped = 0
        var longestWait: Milliseconds = 0
        var faults: [String] = []

        /// How many refreshes may have lost their answer.
        var disturbances: Int { killed + stopped + late }
    }

    private struct State {
        var tally = Tally()
        /// Those that are running.
        var callers: [pid_t: RunningProgram] = [:]
        /// Those that were killed, and for how long others were stopped.
        var killed: Set<pid_t> = []
        var stopped: [pid_t: Milliseconds] = [:]
    }

    private let state = Mutex(State())
    private let home: Home
    private let places: [any Place]
    private let end: ContinuousClock.Instant

    init(_ home: Home, _ places: [any Place], for duration: Duration) {
        self.home = home
        self.places = places
        end = .now + duration
    }

    func rage(_ generator: SeededGenerator) async -> Tally {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<Storm.callers {
                let place = places.isEmpty ? nil : places[number % places.count]
                group.addTask { await self.call(in: place) }
            }
            group.addTask {
                // It must not wait for the callers' tasks.
                try? await onOwnThread { self.strike(generator) }
            }
        }
        return state.withLock { $0.tally }
    }

    // MARK: - Callers

    /// One caller after another.
    private func call(in place: (any Place)?) async {
        let program = get(in: place, home)
        while ContinuousClock.now < end {
            do {
                let caller = try program.start()
                let process = caller.processID
                let began = Clock.system.now()
                state.withLock { $0.callers[process] = caller }
                let outcome = try await caller.wait()
                let wait = Clock.system.now() - began
                state.withLock { state in
                    state.callers[process] = nil
                    let stopped = state.stopped.removeValue(forKey: process) ?? 0
                    let isKilled = state.killed.remove(process) != nil && outcome.signal == SIGKILL
                    state.tally.calls += 1
                    if !isKilled { judge(outcome, began: began, wait: wait - stopped, &state.tally) }
                }
            } catch {
                state.withLock { $0.tally.faults.append("\(error)") }
            }
        }
    }

    private func judge(
        _ outcome: Program.Outcome, began: Timestamp, wait: Milliseconds, _ tally: inout Tally
    ) {
        tally.longestWait = max(tally.longestWait, wait)
        // A machine this busy adds something to the start and the end of a process.
        if wait > Home.deadline + 3000 { tally.faults.append("it answered after \(wait) ms: \(outcome)") }
        if outcome.status == 75 {
            tally.late += 1
        } else if let fault = home.fault(in: outcome, began: began) {
            tally.faults.append(fault)
        } else {
            tally.answered += 1
        }
    }

    // MARK: - What strikes them

    private func strike(_ generator: SeededGenerator) {
        var generator = generator
        var isEnding: Bool { ContinuousClock.now >= end }
        while !isEnding {
            pause(Int.random(in: 5...200, using: &generator))
            // Now and then it is somebody who only waits.
            var victim: pid_t?
            if Int.random(in: 0..<4, using: &generator) == 0 {
                let callers = state.withLock { $0.callers.keys.sorted() }
                victim = callers.randomElement(using: &generator)
            } else {
                while victim == nil, !isEnding {
                    pause(2)
                    victim = holderOfLock()
                }
            }
            guard let victim else { continue }
            if Bool.random(using: &generator) {
                state.withLock { state in
                    state.killed.insert(victim)
                    state.tally.killed += 1
                }
                send(SIGKILL, to: victim)
            } else {
                // One in twelve is stopped for longer than the others may wait.
                let isLong = Int.random(in: 0..<12, using: &generator) == 0
                let began = Clock.system.now()
                send(SIGSTOP, to: victim)
                pause(isLong ? 9000 : Int.random(in: 1...800, using: &generator))
                state.withLock { state in
                    state.stopped[victim, default: 0] += Clock.system.now() - began
                    state.tally.stopped += 1
                }
                send(SIGCONT, to: victim)
            }
        }
    }

    private func pause(_ milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }

    /// Signals a caller, or the process that one has started to renew a token in the background.
    private func send(_ signal: Int32, to process: pid_t) {
        if let caller = state.withLock({ $0.callers[process] }) {
            caller.signal(signal)
        } else if holderOfLock() == process {
            kill(process, signal)
        }
    }

    /// The process that has the lock of the profile `default` (proc_locks(5)).
    private func holderOfLock() -> pid_t? {
        // A mount's daemon has the lock in the stead of whoever is in that folder and asks the provider.
        let mounts = places.compactMap { ($0 as? Mount)?.folder.path }
        if !mounts.isEmpty {
            return names(in: "/proc").compactMap { pid_t($0) }.first {
                linkTarget("/proc/\($0)/cwd").map(mounts.contains) == true && hasSocket($0)
            }
        }
        let folder = home.helper.stateFolder
        guard
            let name = try? folder.files().first(where: { $0.hasPrefix("default-") && $0.hasSuffix(".lock") }
            ),
            let file = try? FileDescriptor(opening: folder.path(name), O_RDONLY).status(),
            let locks = try? Folder("/proc").read("locks")
        else { return nil }
        for line in locks.split(separator: "\n") where line.hasSuffix(":\(file.st_ino) 0 EOF") {
            // `1: FLOCK  ADVISORY  WRITE 708 13:01:17 0 EOF`; those who wait have `->` before the kind.
            let fields = line.split(separator: " ")
            if fields.count > 4, fields[1] == "FLOCK", let process = pid_t(fields[4]) { return process }
        }
        return nil
    }
}

private func hasSocket(_ process: pid_t) -> Bool {
    names(in: "/proc/\(process)/fd").contains {
        linkTarget("/proc/\(process)/fd/\($0)")?.hasPrefix("socket:") == true
    }
}
