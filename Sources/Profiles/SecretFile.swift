import Platform

/// A file that holds one secret.
enum SecretFile {
    /// The size that such a file may have, in bytes.
    static var limit: Int { 65_536 }

    /// The file's contents without one newline at the end.
    static func read(_ path: String, isPrivateFolder: Bool = false) throws(SecretReader.Unavailable) -> String
    {
        var bytes: [UInt8] = []
        defer { bytes.wipe() }
        var complaint: String?
        var isExposed = false
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            isExposed =
                !isPrivateFolder && self.isExposed(status, onReadOnlyDisk: isOnReadOnlyDisk(file))
            if !status.isRegularFile {
                complaint = "is not a regular file"
            } else if !isExposed {
                bytes = try file.readToEnd(limit: limit)
            }
        } catch {
            complaint = error.number == EFBIG ? "is larger than 64 KiB" : "cannot be read: \(error)"
        }
        if let complaint { throw SecretReader.Unavailable(reason: complaint) }
        if isExposed {
            throw SecretReader.Unavailable(
                reason: "can be read or written by others", refusal: "chmod 600 \(shellWord(path))")
        }
        if bytes.last == .newline {
            bytes.removeLast()
            if bytes.last == .carriageReturn { bytes.removeLast() }
        }
        guard let text = String(validUTF8: bytes) else {
            throw SecretReader.Unavailable(reason: "is not UTF-8")
        }
        return text
    }

    /// Whether others may read or change a file that the user owns.
    ///
    /// A file of root's is how Kubernetes and Docker mount secrets, readable by whom they choose. Where the
    /// process itself is root, such a mount is known by its being read-only: nobody could tighten it.
    static func isExposed(_ status: stat, onReadOnlyDisk: @autoclosure () -> Bool) -> Bool {
        status.isOwn && !status.isPrivate && !(status.st_uid == 0 && onReadOnlyDisk())
    }

    private static func isOnReadOnlyDisk(_ file: borrowing FileDescriptor) -> Bool {
        var disk = statvfs()
        return fstatvfs(file.raw, &disk) == 0 && disk.f_flag & UInt(ST_RDONLY) != 0
    }
}
