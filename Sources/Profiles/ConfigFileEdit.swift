import Platform

extension ConfigEditor {
    /// Changes a config file as a whole: whoever reads it sees the old text or the new, never a part.
    ///
    /// While it is edited, a file named like the config with `.lock` behind it keeps git out, which makes such a
    /// file for the same purpose: so two who edit it at once do not lose each other's changes. A file that is
    /// missing is made, for its user alone; a link's target is what changes; the permissions stay.
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
            throw HelperError("the folder \(quoted(folder)) cannot be made", error, at: folder)
        }
        try ConfigFile.checkFolder(folder)
        let draft = try draft(of: target)
        let lock = try keepGitOut(of: target)
        // Somebody may have removed it by hand, and git made its own.
        defer { if linkTarget(target + ".lock") == lock { unlink(target + ".lock") } }
        let old = try attempt(target) { () throws(SystemError) in try read(target) }
        var editor = ConfigEditor(old?.contents ?? [])
        try change(&editor)
        if editor.contents == old?.contents { return }
        do throws(SystemError) {
            try draft.commit(editor.contents, mode: old?.mode ?? 0o600)
        } catch {
            throw cannotChange(target, error)
        }
    }

    /// The text of a config file; empty where there is none.
    ///
    /// - Throws: `io-error` where it cannot be read.
    public init(reading path: String) throws(HelperError) {
        self.init(try attempt(path) { () throws(SystemError) in try read(path)?.contents ?? [] })
    }

    /// The new text's file, which two processes of the helper never have at once.
    private static func draft(of target: String) throws(HelperError) -> FileDraft {
        do throws(SystemError) { return try FileDraft(of: target) } catch {
            if error.number == EWOULDBLOCK { throw isBeingEdited(FileDraft.path(of: target)) }
            throw cannotChange(target, error)
        }
    }

    /// Makes the file that git takes for its own lock, or waits until git's is gone.
    ///
    /// It is a link that says whose it is, `config.butlr-new.PID`: that of a dead process is taken over, which only
    /// one can do, as only one has the draft. A living one's is waited for: it has put its draft in place, and removes
    /// the link next.
    ///
    /// - Returns: what the link says.
    private static func keepGitOut(of target: String) throws(HelperError) -> String {
        let path = target + ".lock"
        let owner = FileDraft.path(of: fileName(of: target)) + "."
        let deadline = Deadline(in: 2000)
        while symlink(owner + "\(getpid())", path) != 0 {
            guard errno == EEXIST else {
                throw HelperError(
                    "cannot make \(quoted(path)), to edit the config", SystemError(), at: path)
            }
            if let link = linkTarget(path), link.hasPrefix(owner),
                let process = pid_t(link.dropFirst(owner.count)),
                // This process's number, too, may be that of one before it, as in a container.
                process == getpid() || kill(process, 0) != 0 && errno == ESRCH
            {
                unlink(path)
                continue
            }
            guard !deadline.hasPassed else { throw isBeingEdited(path) }
            deadline.sleep(20)
        }
        return owner + "\(getpid())"
    }

    private static func isBeingEdited(_ path: String) -> HelperError {
        HelperError(
            .temporaryFailure, "another program is editing the config file: \(quoted(path)) is there",
            hint: "if none is: rm \(shellWord(path))")
    }
}

private func attempt<Result>(
    _ path: String, _ call: () throws(SystemError) -> Result
) throws(HelperError) -> Result {
    do throws(SystemError) { return try call() } catch { throw cannotChange(path, error) }
}

private func cannotChange(_ path: String, _ error: SystemError) -> HelperError {
    HelperError("the config file \(quoted(path)) cannot be changed", error, at: path)
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
        guard let next = linkTarget(path), !next.isEmpty else { break }
        path = Profiles.path(next, in: folder(of: path))
    }
    return path
}
