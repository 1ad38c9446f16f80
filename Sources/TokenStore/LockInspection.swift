import Platform

/// Whether a lock can be had.
public enum LockState: Equatable, Sendable {
    case free
    /// Another process holds it, or it is not known whether one does, as the file system does not answer. Which
    /// processes is not known on every system, of another user's, or of another machine's.
    case held(by: [LockHolder])
    /// There are no locks here, for this reason.
    case none(SystemError)
}

/// A process that holds a lock.
public struct LockHolder: Equatable, Sendable {
    public let process: pid_t
    /// The program's name.
    public let name: String
    /// Whether it has been stopped, so that it will not get further by itself.
    public let isStopped: Bool
}

extension TokenStore {
    /// Looks at the lock without keeping or making it.
    ///
    /// - Parameter deadline: until when a holder is given time to finish.
    public func lockState(_ deadline: Deadline) -> LockState {
        guard let state, let file = FileLock.existing(lockName, in: state) else { return .free }
        do throws(SystemError) {
            let status = try file.status()
            var lock = try FileLock(file, waits: true)
            return try lock.wait(until: deadline) ? .free : .held(by: holders(of: status))
        } catch {
            return .none(error)
        }
    }
}

/// The processes that hold a `flock` on a file.
///
/// `/proc/locks` names the process that took it, which may have gone and left it to a child (flock(2)): so the open
/// files of all processes are looked at (proc_pid_fdinfo(5)). Those of a running helper only root can see, because it
/// hides its memory; then the other must do.
private func holders(of file: stat) -> [LockHolder] {
    #if os(Linux)
        var holders: [LockHolder] = []
        for entry in names(in: "/proc") {
            guard let process = pid_t(entry), process != getpid() else { continue }
            let isHolder = names(in: "/proc/\(entry)/fd").contains { descriptor in
                var status = stat()
                return stat("/proc/\(entry)/fd/\(descriptor)", &status) == 0 && status.st_dev == file.st_dev
                    && status.st_ino == file.st_ino
                    && text(of: "/proc/\(entry)/fdinfo/\(descriptor)").split(separator: "\n").contains {
                        $0.hasPrefix("lock:")
                    }
            }
            if isHolder { holders.append(contentsOf: holder(process)) }
        }
        return holders.isEmpty ? takers(of: file) : holders
    #else
        return []
    #endif
}

#if os(Linux)
    /// The processes that took a `flock` on a file, of which each line of `/proc/locks` names one:
    /// `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF` (proc_locks(5)).
    private func takers(of file: stat) -> [LockHolder] {
        text(of: "/proc/locks").split(separator: "\n").flatMap { line -> [LockHolder] in
            let words = line.split(separator: " ")
            guard words.count > 5, words[1] == "FLOCK", words[5].hasSuffix(":\(file.st_ino)"),
                let process = pid_t(words[4])
            else { return [] }
            return holder(process)
        }
    }

    /// - Returns: nothing where the process has gone.
    private func holder(_ process: pid_t) -> [LockHolder] {
        // `pid (comm) state …`, where the name may hold blanks and parentheses.
        let line = text(of: "/proc/\(process)/stat")
        guard let end = line.lastIndex(of: ")") else { return [] }
        let name = line[..<end].drop { $0 != "(" }.dropFirst()
        let state = line[end...].dropFirst(2).first
        return [
            LockHolder(
                process: process, name: quoted(String(name)), isStopped: state == "T" || state == "t")
        ]
    }

    private func text(of path: String) -> String {
        guard let file = try? FileDescriptor(opening: path, O_RDONLY),
            let bytes = try? file.readToEnd(limit: 65_536)
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
#endif
