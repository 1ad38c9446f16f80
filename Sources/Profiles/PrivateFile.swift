import Platform

/// The bytes of a file, read in one go and held until the last user lets go of them.
final class FileContents: @unchecked Sendable {
    // Written by `init` alone, so that it may be read from anywhere.
    let bytes: UnsafeRawBufferPointer

    /// Reads to the end of the file.
    ///
    /// - Throws: `EFBIG` when there are more than `limit` bytes.
    init(of file: borrowing FileDescriptor, size: Int, limit: Int) throws(SystemError) {
        var capacity = min(max(size, 0), limit) + 1
        var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
        var count = 0
        while true {
            let descriptor = file.raw
            let received = retrying { read(descriptor, buffer.baseAddress! + count, capacity - count) }
            guard received >= 0, count + received <= limit else {
                let failure = received < 0 ? SystemError() : SystemError(EFBIG)
                buffer.deallocate()
                throw failure
            }
            if received == 0 { break }
            count += received
            if count == capacity {
                // Somebody appended to it since its size was asked for.
                capacity = min(2 * capacity, limit) + 1
                let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
                larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                buffer.deallocate()
                buffer = larger
            }
        }
        bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    deinit { bytes.deallocate() }
}

/// A word as a shell reads it: as it is where nothing in it is special, otherwise in single quotes.
public func shellQuoted(_ word: String) -> String {
    let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
            byte.isKeyCharacter || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ",")
        }
    if isPlain { return word }
    let inner = word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
    return "'\(inner)'"
}

/// The folder that a path lies in, as it is written.
func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// A path, relative to `folder` where it is relative.
func path(_ path: String, in folder: String) -> String {
    path.utf8.first == UInt8(ascii: "/") || folder == "." ? path : "\(folder)/\(path)"
}
