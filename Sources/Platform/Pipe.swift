/// A pipe whose ends no child process inherits.
public struct Pipe: ~Copyable, Sendable {
    public let reading: FileDescriptor
    public let writing: FileDescriptor

    public init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError() }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = FileDescriptor(owning: ends[0])
        writing = FileDescriptor(owning: ends[1])
    }

    /// Closes this process's writing end: the reading one ends once every child has closed its own.
    public consuming func closingWriting() -> FileDescriptor { reading }
}
