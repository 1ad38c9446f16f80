import Sandbox
import Synchronization

/// The process groups that the demo has started and not yet waited for.
final class DemoCrew: Sendable {
    private let running = Mutex<Set<pid_t>>([])

    /// Notes the process that `start` starts, so that none is started unnoticed.
    func add(_ start: () -> pid_t?) -> pid_t? {
        running.withLock { running in
            let process = start()
            if let process { running.insert(process) }
            return process
        }
    }

    /// Waits for a process to end.
    ///
    /// - Returns: its status as waitpid(2) gives it.
    func wait(for process: pid_t) -> Int32 {
        // It is left in the system's table until nobody can be about to kill what has its number.
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        return running.withLock { running in
            running.remove(process)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0 && errno == EINTR {}
            return status
        }
    }

    /// Ends all of them, and starts no other while `last` runs, which ends the demo.
    func end(_ last: () -> Void) {
        running.withLock { running in
            for process in running { kill(-process, SIGKILL) }
            last()
        }
    }
}
