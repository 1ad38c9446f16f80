import Platform

/// A folder of this user's alone, in which a file is only ever replaced as a whole.
///
/// What somebody else may have put there is not believed: a file or folder with another owner, one that others
/// may read or write, a link, a pipe or a device counts as not there.
public struct PrivateFolder: Sendable {
    /// Its absolute path.
    public let path: String

    public init(_ path: String) { self.path = path }

    /// The contents of a file, or `nil` when it is missing, not private or longer than 4 MiB.
    public func read(_ name: String) -> [UInt8]? {
        do {
            let folder = try open()
            let file = try FileDescriptor(
                opening: name, in: folder.raw, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            guard status.isRegularFile, status.isOwn, status.isPrivate, status.st_nlink == 1 else {
                return nil
            }
            return try file.readToEnd(limit: 4 << 20)
        } catch {
            return nil
        }
    }

    /// Whether there is such a folder.
    var exists: Bool { access(path, F_OK) == 0 }

    /// Makes room for the new contents of a file, which takes its place when they are committed.
    ///
    /// Only the holder of the lock may do so: the temporary file's name is fixed, so that one which a killed
    /// process left behind is taken away by the next.
    ///
    /// - Parameter size: how many bytes are sure to fit, however full the disk gets.
    func replacement(for name: String, reserving size: Int = 0) throws(SystemError) -> Replacement {
        let folder = try openOrCreate()
        let temporary = name + ".new"
        unlinkat(folder.raw, temporary, 0)
        let file = try FileDescriptor(
            opening: temporary, in: folder.raw, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        if size > 0 {
            let failure = reserve(file.raw, size)
            if failure != 0 {
                unlinkat(folder.raw, temporary, 0)
                throw SystemError(failure)
            }
        }
        return Replacement(folder: folder, file: file, temporary: temporary, name: name)
    }

    /// Removes a file; that it is not there is no failure.
    func remove(_ name: String) throws(SystemError) {
        let folder = try open()
        if unlinkat(folder.raw, name, 0) != 0, errno != ENOENT { throw SystemError() }
    }

    /// Opens the folder, if it is one to be trusted.
    private func open() throws(SystemError) -> FileDescriptor {
        let folder = try openWhatever()
        let status = try folder.status()
        guard status.isOwn, status.st_mode & 0o022 == 0 else { throw SystemError(EPERM) }
        return folder
    }

    /// A user may have put a link in the folder's place, but nobody else: it could lead to any folder of the user's.
    private func openWhatever() throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            return try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        } catch {
            var link = stat()
            guard error.number == ENOTDIR || error.number == ELOOP, lstat(path, &link) == 0,
                link.st_mode & S_IFMT == S_IFLNK
            else { throw error }
            guard link.isOwn || link.st_uid == 0 else { throw SystemError(EPERM) }
            return try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY)
        }
    }

    /// Opens the folder, after making it, and what leads to it, where it is missing.
    func openOrCreate() throws(SystemError) -> FileDescriptor {
        try makePrivateFolders(path)
        let folder = try openWhatever()
        let status = try folder.status()
        guard status.isOwn else { throw SystemError(EPERM) }
        if !status.isPrivate, fchmod(folder.raw, 0o700) != 0 { throw SystemError() }
        return folder
    }
}

/// The new contents of a file, not yet in its place.
struct Replacement: ~Copyable {
    private let folder: FileDescriptor
    private let file: FileDescriptor
    private let temporary: String
    private let name: String

    fileprivate init(
        folder: consuming FileDescriptor, file: consuming FileDescriptor, temporary: String, name: String
    ) {
        self.folder = folder
        self.file = file
        self.temporary = temporary
        self.name = name
    }

    /// Puts the contents in the file's place: whoever reads it sees the old ones or the new, never a part.
    ///
    /// - Parameter durably: whether they must survive a power failure from here on.
    consuming func commit(_ contents: [UInt8], durably: Bool) throws(SystemError) {
        try file.writeAll(contents)
        guard ftruncate(file.raw, off_t(contents.count)) == 0 else { throw SystemError() }
        if durably { try file.sync() }
        guard renameat(folder.raw, temporary, folder.raw, name) == 0 else { throw SystemError() }
        if durably { try folder.sync() }
    }

    deinit {
        // After a commit there is no file of that name any more.
        unlinkat(folder.raw, temporary, 0)
    }
}

/// Allots disk space to a new file.
///
/// - Returns: 0, or the error number.
private func reserve(_ descriptor: Int32, _ size: Int) -> Int32 {
    #if canImport(Darwin)
        var request = fstore_t(
            fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
            fst_length: off_t(size), fst_bytesalloc: 0)
        return fcntl(descriptor, F_PREALLOCATE, &request) == -1 ? errno : 0
    #else
        while true {
            let failure = posix_fallocate(descriptor, 0, off_t(size))
            if failure != EINTR { return failure }
        }
    #endif
}
