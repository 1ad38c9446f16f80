import Platform
import Testing

@Suite struct SystemTests {
    @Test func looksUpVariables() {
        let environment = Environment(["A": "x", "EMPTY": "", "PATHLIKE": "/a", "RELATIVE": "a/b"])
        #expect(environment["A"] == "x")
        #expect(environment["EMPTY"] == "")
        #expect(environment["NONE"] == nil)
        #expect(environment.nonEmpty("A") == "x")
        #expect(environment.nonEmpty("EMPTY") == nil)
        #expect(environment.nonEmpty("NONE") == nil)
        #expect(environment.absolutePath("PATHLIKE") == "/a")
        #expect(environment.absolutePath("RELATIVE") == nil)
        #expect(environment.absolutePath("EMPTY") == nil)
        #expect(environment.entries.sorted() == ["A=x", "EMPTY=", "PATHLIKE=/a", "RELATIVE=a/b"])
        #expect(Environment.process["PATH"] != nil)
        #expect(Environment.process.entries.contains { $0.hasPrefix("PATH=") })
    }

    @Test func readsNoMoreThanTheLimit() throws {
        let ends = try Self.pipe()
        let writing = FileDescriptor(owning: ends.1)
        try writing.writeAll(Array("hello".utf8))
        let reading = FileDescriptor(owning: ends.0)
        _ = consume writing
        #expect(throws: SystemError(EFBIG)) { try reading.readToEnd(limit: 4) }

        let exact = try Self.pipe()
        try writeAll(exact.1, Array("hello".utf8))
        close(exact.1)
        let other = FileDescriptor(owning: exact.0)
        #expect(try other.readToEnd(limit: 5) == Array("hello".utf8))
        #expect(try other.readToEnd(limit: 5) == [])
    }

    @Test func waitsForInput() throws {
        let ends = try Self.pipe()
        let reading = FileDescriptor(owning: ends.0)
        #expect(!waitUntilReadable(reading.raw, Deadline(in: 1)))
        try writeAll(ends.1, [1])
        #expect(waitUntilReadable(reading.raw, Deadline(in: 3_600_000)))
        // What is there already counts even when no time is left.
        #expect(waitUntilReadable(reading.raw, Deadline(in: 0)))
        #expect(try readSome(reading.raw, atMost: 10) == [1])
        close(ends.1)
        #expect(waitUntilReadable(reading.raw, Deadline(in: 3_600_000)))
        #expect(try readSome(reading.raw, atMost: 10) == [])
    }

    /// File systems differ in how far away a moment may be.
    @Test(arguments: [Int.min, -1, 0, Int.max]) func anyMomentOfAFileIsOne(_ seconds: Int) {
        var status = stat()
        #if canImport(Darwin)
            status.st_mtimespec = timespec(tv_sec: seconds, tv_nsec: 999_999_999)
        #else
            status.st_mtim = timespec(tv_sec: seconds, tv_nsec: 999_999_999)
        #endif
        let earliest = Timestamp(seconds: Int64(seconds))
        #expect(status.changed >= earliest && status.changed - earliest <= 999)
    }

    @Test func saysWhatFailed() throws {
        func open(_ path: String, _ flags: Int32) throws(SystemError) {
            _ = try FileDescriptor(opening: path, flags)
        }
        #expect(throws: SystemError(ENOENT)) { try open("/no/such/file", O_RDONLY) }
        #expect(throws: SystemError(EISDIR)) { try open("/", O_WRONLY) }
        #expect(throws: SystemError(EBADF)) { try readSome(-1, atMost: 1) }
        #expect(throws: SystemError(EBADF)) { try writeAll(-1, [1]) }
        #expect("\(SystemError(ENOENT))" == "No such file or directory")
        let folder = try FileDescriptor(opening: "/", O_RDONLY).status()
        #expect(folder.isDirectory)
        #expect(!folder.isRegularFile)
        #expect(!folder.isPrivate)
    }

    private static func pipe() throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Darwin)
            guard Darwin.pipe(&ends) == 0 else { throw SystemError() }
        #else
            guard Glibc.pipe(&ends) == 0 else { throw SystemError() }
        #endif
        return (ends[0], ends[1])
    }
}
