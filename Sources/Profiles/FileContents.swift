import Platform

/// The bytes of a file, read in one go and held until the last user lets go of them.
final class FileContents: @unchecked Sendable {
    // Written by `init` alone, so that it may be read from anywhere.
    let bytes: UnsafeRawBufferPointer
    private let mapping: UnsafeMutableRawBufferPointer

    /// Reads to the end of the file.
    ///
    /// - Throws: `EFBIG` when there are more than `limit` bytes, `EBUSY` when it grows while it is read.
    init(of file: borrowing FileDescriptor, size: Int, limit: Int) throws(SystemError) {
        if size > limit { throw SystemError(EFBIG) }
        // Memory that is there at once: touching fresh pages one by one takes longer than reading the file.
        #if os(Linux)
            let populate = MAP_POPULATE
        #else
            let populate: Int32 = 0
        #endif
        let capacity = size + 1
        guard
            let start = mmap(
                nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | populate, -1, 0),
            start != MAP_FAILED
        else { throw SystemError() }
        mapping = UnsafeMutableRawBufferPointer(start: start, count: capacity)
        var count = 0
        while count < capacity {
            let descriptor = file.raw
            let received = retrying { read(descriptor, start + count, capacity - count) }
            guard received >= 0 else {
                let failure = SystemError()
                munmap(start, capacity)
                throw failure
            }
            if received == 0 { break }
            count += received
        }
        guard count < capacity else {
            munmap(start, capacity)
            throw SystemError(EBUSY)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    deinit { munmap(mapping.baseAddress, mapping.count) }
}
