import Platform

extension PrivateFolder {
    /// Keeps a file of this name, in place of any before it.
    ///
    /// - Throws: why it cannot be kept.
    public func keep(_ name: String, _ contents: [UInt8]) throws(SystemError) {
        try replacement(for: name).commit(contents, durably: true)
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
    /// - Throws: what stands in the way; `EIO` where something else is read than was written.
    public func tryOut() throws(SystemError) {
        let name = "probe-\(getpid())"
        let contents = Array("\(getpid())\n".utf8)
        try replacement(for: name).commit(contents, durably: false)
        let read = read(name)
        try remove(name)
        if read != contents { throw SystemError(EIO) }
    }
}
