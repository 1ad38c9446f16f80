import Platform
import TestSupport

/// A file system whose locks are no good: they block whatever was asked, or there are none.
struct BlockedLocks: Part {
    let name = "locks"
    private let title = "locks that block, or are not there"

    func run(_ arguments: Arguments) async throws -> Section {
        guard Program.find("strace") != nil else { throw Impossible(reason: "strace is not installed") }
        let provider = RotatingProvider { _ in Home.lifetime }
        let (server, url) = try provider.serve()
        defer { server.stop() }
        let home = try await Home(client: name, provider, at: url)
        var section = Section(title: "\(name): \(title)")
        section.text = "| | callers | right |\n| --- | ---: | ---: |\n"

        /// - Parameter marker: what the answer's line is known by, where the command writes several.
        func calls(
            _ what: String, _ fault: String, _ command: String = "get", marker: String = "",
            isRight: (_ answer: String, _ began: Timestamp) -> Bool
        ) async throws {
            let program = home.helper.client(
                "strace",
                ["-f", "-qq", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:\(fault)"]
                    + [home.helper.executable, command])
            let began = Clock.system.now()
            let running = try (0..<(arguments.isShort ? 10 : 40)).map { _ in try program.start() }
            var right = 0
            for caller in running {
                // strace holds on to a process that has ended until its delay is over.
                var answer = try await caller.readLine() ?? ""
                while !answer.contains(marker), let next = try await caller.readLine() { answer = next }
                let wait = Clock.system.now() - began
                await caller.kill()
                if wait <= Home.deadline + 3000, isRight(answer, began) {
                    right += 1
                } else {
                    section.failures.append(.init(point: name, what: "\(what): after \(wait) ms: \(answer)"))
                }
            }
            section.tried += running.count
            section.survived += right
            section.text += "| \(what) | \(running.count) | \(right) |\n"
        }
        // Longer than anybody may wait.
        let block = "delay_enter=60s"
        try home.restore(.empty)
        try await calls("They block, and there is no token: told at the deadline to try again.", block) {
            answer, _ in answer.contains(#""code":"temporary-failure""#)
        }
        try home.restore(.aging)
        try await calls("They block, and there is a token: it is handed out.", block) {
            home.fault(inAnswer: $0, began: $1) == nil
        }
        try await calls(
            "They block: doctor says that they do not answer.", block, "doctor", marker: "the lock is"
        ) {
            answer, _ in answer.contains("the lock is held by another process or machine")
        }
        try home.restore(.ended)
        let before = provider.usage(of: home.client)
        try await calls("There are none: a token, but no refresh without a lock.", "error=ENOLCK") {
            home.fault(inAnswer: $0, began: $1) == nil
        }
        let usage = provider.usage(of: home.client) - before
        if usage.refreshes + usage.revocations > 0 {
            section.failures.append(.init(point: name, what: "a refresh without a lock"))
        }
        do {
            try await waitOverFUSE(home, arguments, &section)
        } catch let error as Impossible {
            section.text += "\nNot tried over FUSE: \(error.reason).\n"
        }
        return section
    }

    /// What waits in the kernel there does not even end when its process does.
    private func waitOverFUSE(_ home: Home, _ arguments: Arguments, _ section: inout Section) async throws {
        try home.restore(.ended)
        let holder = try await Mount(of: home.helper.home.path)
        let mount = try await Mount(of: home.helper.home.path)
        defer {
            holder.unmount()
            mount.unmount()
        }
        guard
            let name = try home.helper.stateFolder.files().first(where: {
                $0.hasPrefix("default-") && $0.hasSuffix(".lock")
            })
        else { return }
        let path = "\(holder.folder.path)/.local/state/butlr-credential/\(name)"
        let lock = try FileDescriptor(opening: path, O_RDWR)
        guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else { throw SystemError() }
        // Else callers that do not end would be waited for in vain.
        let release = Task { [descriptor = lock.raw] in
            try await Task.sleep(for: .milliseconds(Home.deadline + 5000))
            flock(descriptor, LOCK_UN)
        }
        defer { release.cancel() }
        let began = Clock.system.now()
        let outcomes = try await mount.inside(home.helper.program(["get"])).run(
            copies: arguments.isShort ? 10 : 40)
        let right = outcomes.count { $0.status == 75 }
        let wait = Clock.system.now() - began
        if right < outcomes.count || wait > Home.deadline + 3000 {
            section.failures.append(.init(point: name, what: "over FUSE: after \(wait) ms: \(outcomes)"))
        }
        section.tried += outcomes.count
        section.survived += right
        section.text +=
            "| Held for long, over FUSE: told at the deadline to try again. | \(outcomes.count) | \(right) |\n"
    }
}
