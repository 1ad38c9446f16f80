/// A system call of a program's run: its name, and how many of that name a thread made before it.
struct SystemCall: Hashable {
    let name: String
    /// From 1, as strace counts.
    let occurrence: Int
    /// What it was called with, as far as strace shows it.
    var arguments = ""
    /// Whether it was made before the program's own code began: by the loader and the C library.
    var isOfLoader = false

    static func == (left: SystemCall, right: SystemCall) -> Bool {
        left.name == right.name && left.occurrence == right.occurrence
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(occurrence)
    }

    /// The calls of a trace that `strace -f -qq` wrote, in their order.
    ///
    /// Of those that several threads make, each the first time and so on, there is one: strace counts for each
    /// thread, so a fault strikes them all.
    static func all(in trace: String) -> [SystemCall] {
        var counts: [String: Int] = [:]
        var seen: Set<SystemCall> = []
        var calls: [SystemCall] = []
        var isOfLoader = true
        for line in trace.split(separator: "\n") {
            // `PID name(arguments) = result`; what is resumed, signals and ends have no name before a `(`.
            guard let thread = line.firstIndex(of: " ") else { continue }
            let call = line[thread...].drop { $0 == " " }
            guard let parenthesis = call.firstIndex(of: "("), call.first != "<", call.first != "-",
                call.first != "+"
            else { continue }
            let name = String(call[..<parenthesis])
            // The program's first act, before which it has had no say.
            if name == "rt_sigaction", call.contains("SIGPIPE") { isOfLoader = false }
            counts["\(line[..<thread]) \(name)", default: 0] += 1
            let found = SystemCall(
                name: name, occurrence: counts["\(line[..<thread]) \(name)"]!,
                arguments: String(call[parenthesis...].prefix(120)), isOfLoader: isOfLoader)
            if seen.insert(found).inserted { calls.append(found) }
        }
        return calls
    }

    /// The errors that this call can end with, of those that are tried; none where it cannot fail, or where it is
    /// the loader that would.
    var errors: [String] {
        if isOfLoader { return [] }
        switch name {
        case "openat", "open":
            return ["EACCES", "EIO", "EMFILE", "EINTR", "ENOMEM"]
                + (arguments.contains("O_CREAT") ? ["ENOSPC"] : [])
        case "read", "pread64", "getdents64": return ["EIO", "EINTR", "ENOMEM"]
        case "write", "writev", "pwrite64", "fallocate": return ["ENOSPC", "EIO", "EINTR"]
        case "ftruncate": return ["EIO", "EINTR"]
        case "fsync", "fdatasync": return ["EIO", "ENOSPC", "EINTR"]
        case "close": return ["EIO", "EINTR"]
        case "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat":
            return ["EACCES", "EIO", "ENOSPC", "ENOMEM"]
        case "unlink", "unlinkat": return ["EACCES", "EIO", "ENOMEM"]
        case "stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink",
            "readlinkat", "statfs", "fstatfs", "chdir", "getcwd":
            return ["EACCES", "EIO", "ENOMEM"]
        case "fchmod", "fchmodat", "chmod": return ["EACCES", "EIO"]
        case "flock": return ["EINTR", "EIO", "ENOMEM", "ENOLCK"]
        case "fcntl": return ["EMFILE", "EINTR"]
        case "dup", "dup2", "dup3", "pipe", "pipe2", "socketpair", "eventfd2": return ["EMFILE"]
        case "socket": return ["EACCES", "EMFILE", "ENOMEM"]
        case "connect": return ["EACCES", "EINTR", "ENOMEM"]
        case "sendto", "sendmsg", "recvfrom", "recvmsg": return ["EINTR", "EIO", "ENOMEM"]
        case "poll", "ppoll", "clock_nanosleep": return ["EINTR"] + (name.hasSuffix("poll") ? ["ENOMEM"] : [])
        case "getsockopt", "setsockopt", "getsockname", "getpeername", "bind": return ["ENOMEM"]
        // `brk` has no error to return: it returns the end that there was before.
        case "mmap", "mremap", "munmap", "madvise": return ["ENOMEM"]
        case "mprotect": return ["EACCES", "ENOMEM"]
        case "getrandom": return ["EINTR"]
        case "clone", "clone3", "vfork", "fork": return ["ENOMEM", "EAGAIN"]
        default: return []
        }
    }
}

/// What happens to a system call.
enum Fault: Hashable {
    /// The process is killed when it makes the call, which is then not made.
    case kill
    /// The call is not made and ends with this error.
    case error(String)

    var name: String {
        switch self {
        case .kill: "KILL"
        case .error(let name): name
        }
    }
}

/// A system call together with what happens to it.
struct Point: Hashable {
    let call: SystemCall
    let fault: Fault

    /// As `--only` takes it, behind the part's name.
    var name: String { "\(call.name)/\(call.occurrence)/\(fault.name)" }

    /// The arguments that have strace strike here.
    var injection: [String] {
        let what =
            switch fault {
            case .kill: "signal=KILL"
            case .error(let name): "error=\(name)"
            }
        return [
            "-e", "trace=\(call.name)", "-e", "inject=\(call.name):\(what):when=\(call.occurrence)",
        ]
    }
}
