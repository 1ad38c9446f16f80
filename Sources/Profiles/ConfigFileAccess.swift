import Platform

extension ConfigFile {
    /// How much it matters that a config file is there.
    enum Role {
        /// The user named it: it must be there.
        case named
        /// The user's own: it may be missing, but not be out of reach.
        case own
        /// For all users of the machine: read where it can be read.
        case systemWide
    }

    /// The size that a config file may have, in bytes.
    static var limit: Int { 16 << 20 }

    /// Opens a config file and scans it.
    ///
    /// Whoever may write the file decides where the user's secrets are sent, so it is refused when that is
    /// anyone but the user and root.
    ///
    /// - Returns: `nil` where there is none, or none that may be read, and its role allows that.
    /// - Throws: `config`.
    static func read(
        _ path: String, _ role: Role, _ directories: Directories
    ) throws(HelperError) -> ConfigFile? {
        // Most config files are no links, and then their folder is the only other thing to look at.
        var isLink = false
        var raw = openForReading(path, O_NOFOLLOW)
        if raw < 0, errno == ELOOP {
            isLink = true
            raw = openForReading(path, 0)
        }
        guard raw >= 0 else {
            let failure = SystemError()
            switch (role, failure.number) {
            case (.own, ENOENT), (.own, ENOTDIR): return nil
            case (.systemWide, ENOENT), (.systemWide, ENOTDIR), (.systemWide, EACCES): return nil
            default:
                let hint: String? =
                    switch failure.number {
                    case ENOENT: "to make it: " + directories.commandLine("login", profile: nil)
                    default: failure.inspection(of: path)
                    }
                throw HelperError(
                    .config, "cannot open the config file \(quoted(path)): \(failure)", hint: hint)
            }
        }
        let file = FileDescriptor(owning: raw)
        let status: stat
        let contents: FileContents
        do throws(SystemError) {
            status = try file.status()
            if !status.isRegularFile { throw SystemError(EINVAL) }
            contents = try FileContents(of: file, size: Int(status.st_size), limit: limit)
        } catch {
            let reason = error.number == EINVAL ? "it is not a regular file" : "\(error)"
            throw HelperError(
                .config, "cannot read the config file \(quoted(path)): \(reason)",
                hint: "ls -ld \(shellWord(absolutePath(path)))")
        }
        try checkOwner(of: path, status)
        try checkFolder(Platform.folder(of: path))
        if isLink, let real = realpath(path, nil) {
            defer { free(real) }
            try checkFolder(Platform.folder(of: String(cString: real)))
        }
        return try ConfigFile(path: path, mode: status.st_mode, contents: contents)
    }

    private static func openForReading(_ path: String, _ flags: Int32) -> Int32 {
        // Without waiting, so that a pipe in the config's place is refused rather than waited for.
        retrying { open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags) }
    }

    private static func checkOwner(of path: String, _ status: stat) throws(HelperError) {
        guard status.isOwn || status.st_uid == 0 else {
            throw HelperError(
                .config, "the config file \(quoted(path)) belongs to another user, who could change it",
                hint: "if you trust what it says: chown \(geteuid()) \(shellWord(path))")
        }
        guard status.st_mode & 0o022 == 0 else {
            throw HelperError(
                .config, "others may write the config file \(quoted(path))",
                hint: "chmod go-w \(shellWord(path))")
        }
    }

    static func checkFolder(_ path: String) throws(HelperError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw HelperError(.config, "cannot look at the config's folder \(quoted(path)): \(SystemError())")
        }
        guard status.isOwn || status.st_uid == 0 else {
            throw HelperError(
                .config, "the config's folder \(quoted(path)) belongs to another user, who could change it",
                hint: "if you trust what is in it: chown \(geteuid()) \(shellWord(path))")
        }
        // In a sticky folder, such as /tmp, others cannot replace the user's file.
        guard status.st_mode & 0o022 == 0 || status.st_mode & mode_t(S_ISVTX) != 0 else {
            throw HelperError(
                .config, "others may write the config's folder \(quoted(path))",
                hint: "chmod go-w \(shellWord(path))")
        }
    }
}
