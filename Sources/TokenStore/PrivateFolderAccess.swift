import Platform

extension PrivateFolder {
    /// Keeps a file of this name, in place of any before it.
    ///
    /// - Throws: why it cannot be kept; `EWOULDBLOCK` while another process keeps one of this name.
    public func keep(_ name: String, _ contents: [UInt8]) throws(SystemError) {
        let folder = try openOrCreate()
        try FileDraft(of: "\(path)/\(name)").commit(contents)
        try folder.sync()
    }

    /// Removes a file; that it is not there is no failure.
    public func discard(_ name: String) throws(SystemError) {
        do {
            try remove(name)
        } catch  where error.number == ENOENT {
            return
        }
    }

    /// Writes a file, reads it again and removes it, making the folder where it is missing, as keeping a token does.
    ///
    /// Without a lock, which may not answer: so each process has a file of its own, and takes away those of the dead.
    ///
    /// - Throws: what stands in the way; `EIO` where something else is read than was written.
    public func tryOut() throws(SystemError) {
        for name in names(in: path) where name.hasPrefix(PrivateFolder.probe) {
            let process = pid_t(name.dropFirst(PrivateFolder.probe.count).prefix { $0 != "." })
            if let process, kill(process, 0) != 0, errno == ESRCH { try? remove(name) }
        }
        let name = "\(PrivateFolder.probe)\(getpid())"
        let contents = Array("\(getpid())\n".utf8)
        try replacement(for: name).commit(contents, durably: false)
        let read = read(name)
        try remove(name)
        if read != contents { throw SystemError(EIO) }
    }

    private static let probe = "probe-"
}
