/// A failed system call.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    public let number: Int32

    public init(_ number: Int32 = errno) { self.number = number }

    public var description: String { String(cString: strerror(number)) }
}

/// An open file that is closed when its owner lets go of it, and that no child process inherits.
public struct FileDescriptor: ~Copyable, Sendable {
    public let raw: Int32

    /// Takes over a descriptor that is already open.
    public init(owning raw: Int32) { self.raw = raw }

    /// Opens `path`, relative to the folder `directory` where one is given.
    public init(
        opening path: String, in directory: Int32 = AT_FDCWD, _ flags: Int32, mode: mode_t = 0o600
    ) throws(SystemError) {
        let raw = retrying { openat(directory, path, flags | O_CLOEXEC, mode) }
        guard raw >= 0 else { throw SystemError() }
        self.raw = raw
    }

    deinit { close(raw) }

    /// Owner, mode, kind and size.
    public func status() throws(SystemError) -> stat {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw SystemError() }
        return status
    }

    /// Reads to the end.
    ///
    /// - Throws: `EFBIG` when there are more than `limit` bytes.
    public func readToEnd(limit: Int) throws(SystemError) -> [UInt8] {
        var contents: [UInt8] = []
        while true {
            let chunk = try readSome(raw, atMost: min(max(4096, contents.count), limit + 1 - contents.count))
            if chunk.isEmpty { return contents }
            contents.append(contentsOf: chunk)
            if contents.count > limit { throw SystemError(EFBIG) }
        }
    }

    public func writeAll(_ bytes: [UInt8]) throws(SystemError) { try Platform.writeAll(raw, bytes) }

    /// Waits until the contents are on the disk.
    public func sync() throws(SystemError) {
        guard retrying({ fsync(raw) }) == 0 else { throw SystemError() }
    }
}

extension stat {
    /// Whether this is a plain file, rather than a folder, a pipe or a device.
    public var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
    public var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }
    /// Whether it belongs to the user this process acts for.
    public var isOwn: Bool { st_uid == geteuid() }
    /// Whether only its owner may read or change it.
    public var isPrivate: Bool { st_mode & 0o077 == 0 }
    /// When its contents were last changed.
    public var changed: Timestamp {
        #if canImport(Darwin)
            let time = st_mtimespec
        #else
            let time = st_mtim
        #endif
        return Timestamp(seconds: Int64(time.tv_sec)) + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Puts something in the place of standard streams that the caller closed, before a file is opened that would get
/// their number: then an answer or a warning would be written into that file.
///
/// What stands in their place has nothing to read and cannot be written to.
public func occupyClosedStandardStreams() {
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) == -1 {
        // The lowest free number is given, which is this one.
        _ = open("/dev/null", O_RDONLY)
    }
}

/// Repeats a system call that a signal interrupted.
@inlinable
public func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

/// One read from a descriptor: up to `count` bytes, none at the end of the input.
public func readSome(_ descriptor: Int32, atMost count: Int) throws(SystemError) -> [UInt8] {
    var failure: Int32 = 0
    let chunk = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        let received = retrying { read(descriptor, buffer.baseAddress, count) }
        if received < 0 { failure = errno }
        initialized = max(0, received)
    }
    guard failure == 0 else { throw SystemError(failure) }
    return chunk
}

/// Writes all of `bytes`, however many calls it takes.
public func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) throws(SystemError) {
    var written = 0
    while written < bytes.count {
        let count = bytes.withUnsafeBytes { buffer in
            retrying { write(descriptor, buffer.baseAddress! + written, buffer.count - written) }
        }
        guard count >= 0 else { throw SystemError() }
        written += count
    }
}

/// Waits until there is something to read (or the end of it).
///
/// - Returns: whether that was so before the deadline.
public func waitUntilReadable(_ descriptor: Int32, _ deadline: Deadline) -> Bool {
    while true {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&entry, 1, Int32(clamping: deadline.remaining))
        if ready > 0 { return true }
        if ready == 0 || errno != EINTR || deadline.hasPassed { return false }
    }
}

/// What a symbolic link says; `nil` where there is none.
public func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
    return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
}

/// The folder that this process works in; `nil` where it cannot be told, as when it has been removed.
public func workingFolder() -> String? {
    var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let found = path.withUnsafeMutableBytes { getcwd($0.baseAddress, $0.count) != nil }
    return found ? String(decoding: path.prefix { $0 != 0 }, as: UTF8.self) : nil
}
