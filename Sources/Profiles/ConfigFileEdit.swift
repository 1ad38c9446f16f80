import Platform

extension ConfigEditor {
    /// Changes a config file as a whole: whoever reads it sees the old text or the new, never a part.
    ///
    /// The new text is written to a file named like the config with `.lock` behind it, as git does, so that
    /// two who edit it at once, git among them, do not lose each other's changes. A file that is missing is
    /// made, for its user alone; a link's target is what changes; the permissions stay.
    ///
    /// - Parameter change: gets the text as it is now; what it throws leaves the file as it is.
    /// - Throws: `config` where its folder is one that would not be trusted; `io-error` where it cannot be
    ///   written; `temporary-failure` while somebody else edits it.
    public static func edit(
        _ path: String, _ change: (inout ConfigEditor) throws(HelperError) -> Void
    ) throws(HelperError) {
        let target = target(of: path)
        let folder = Platform.folder(of: target)
        do throws(SystemError) { try makePrivateFolders(folder) } catch {
            throw HelperError(.ioError, "the folder \(quoted(folder)) cannot be made: \(error)")
        }
        try ConfigFile.checkFolder(folder)
        let lockPath = target + ".lock"
        let lock = try lock(lockPath)
        do throws(HelperError) {
            let old = try attempt(target) { () throws(SystemError) in try read(target) }
            var editor = ConfigEditor(old?.contents ?? [])
            try change(&editor)
            if editor.contents == old?.contents {
                unlink(lockPath)
                return
            }
            try attempt(target) { () throws(SystemError) in
                guard fchmod(lock.raw, old?.mode ?? 0o600) == 0 else { throw SystemError() }
                try lock.writeAll(editor.contents)
                try lock.sync()
                guard rename(lockPath, target) == 0 else { throw SystemError() }
            }
        } catch {
            unlink(lockPath)
            throw error
        }
    }

    /// The text of a config file; empty where there is none.
    ///
    /// - Throws: `io-error` where it cannot be read.
    public init(reading path: String) throws(HelperError) {
        self.init(try attempt(path) { () throws(SystemError) in try read(path)?.contents ?? [] })
    }

    private static func lock(_ path: String) throws(HelperError) -> FileDescriptor {
        let deadline = Deadline(in: 2000)
        while true {
            do throws(SystemError) {
                return try FileDescriptor(
                    opening: path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            } catch {
                guard error.number == EEXIST else {
                    throw HelperError(.ioError, "cannot make \(quoted(path)), to edit the config: \(error)")
                }
                guard !deadline.hasPassed else {
                    throw HelperError(
                        .temporaryFailure,
                        "another program is editing the config file: \(quoted(path)) is there",
                        hint: "if none is: rm \(shellWord(path))")
                }
                deadline.sleep(20)
            }
        }
    }
}

private func attempt<Result>(
    _ path: String, _ call: () throws(SystemError) -> Result
) throws(HelperError) -> Result {
    do throws(SystemError) { return try call() } catch {
        throw HelperError(.ioError, "the config file \(quoted(path)) cannot be changed: \(error)")
    }
}

/// A file's contents and permissions; `nil` where there is none.
private func read(_ path: String) throws(SystemError) -> (contents: [UInt8], mode: mode_t)? {
    let file: FileDescriptor
    do throws(SystemError) {
        file = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    } catch {
        if error.number == ENOENT { return nil }
        throw error
    }
    let status = try file.status()
    guard status.isRegularFile else { throw SystemError(EINVAL) }
    return (try file.readToEnd(limit: ConfigFile.limit), status.st_mode & 0o7777)
}

/// What a path leads to, through links whose last may lead nowhere yet.
private func target(of path: String) -> String {
    var path = path
    // Linux gives up after as many.
    for _ in 0..<40 {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
        guard count > 0 else { break }
        path = Profiles.path(String(decoding: buffer.prefix(count), as: UTF8.self), in: folder(of: path))
    }
    return path
}

/// Makes a folder, and what leads to it, for this user alone where it is missing (XDG Base Directory 0.8).
func makePrivateFolders(_ path: String) throws(SystemError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    let above = folder(of: path)
    guard errno == ENOENT, above != path, above != "." else { throw SystemError() }
    try makePrivateFolders(above)
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw SystemError() }
}
