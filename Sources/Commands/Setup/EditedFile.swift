import Platform
import Profiles

/// A tool's config file: read as a whole, replaced as a whole.
struct EditedFile {
    /// As the tool knows it, links and all.
    let path: String
    /// `nil` where there is no file.
    let contents: String?
    /// The permissions that it has, or will have where it is new.
    let mode: mode_t

    /// - Throws: `io-error` where it is there and cannot be read, `config` where it is not UTF-8 text.
    init(_ path: String) throws(HelperError) {
        self.path = path
        let bytes: [UInt8]
        let found: mode_t
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            guard status.isRegularFile else { throw SystemError(EINVAL) }
            found = status.st_mode & 0o777
            bytes = try file.readToEnd(limit: 16 << 20)
        } catch {
            guard error.number == ENOENT else {
                throw HelperError("\(quoted(path)) cannot be read", error, at: path)
            }
            contents = nil
            mode = 0o600
            return
        }
        guard let text = String(validUTF8: bytes) else {
            throw HelperError(.config, "\(quoted(path)) is not UTF-8 text, and is left as it is")
        }
        contents = text
        mode = found
    }

    /// Puts other contents in the file's place, if it still has those that were read.
    ///
    /// A link stays one: what it leads to is replaced.
    ///
    /// - Parameter contents: `nil` removes the file.
    /// - Returns: the folders that were made for it, the outermost first.
    @discardableResult
    func replace(with contents: String?) throws(HelperError) -> [String] {
        let target = resolvedPath(path) ?? path
        do throws(SystemError) {
            let folders = try makeFolders(folder(of: target)[...])
            // Kept until the end: so two that change it at once do not both find it as it was.
            let draft = try FileDraft(of: target)
            guard let now = try? EditedFile(path), now.contents == self.contents else {
                throw SystemError(EWOULDBLOCK)
            }
            if let contents {
                // Who owns it and who may read it stays as it was.
                var old = stat()
                let isThere = stat(target, &old) == 0
                try draft.commit(
                    Array(contents.utf8), mode: mode, owner: isThere ? (old.st_uid, old.st_gid) : nil)
            } else if unlink(target) != 0, errno != ENOENT {
                throw SystemError()
            }
            return folders
        } catch {
            if error.number == EWOULDBLOCK {
                throw HelperError(
                    .temporaryFailure, "\(quoted(path)) has been changed by another program meanwhile",
                    hint: "type the command again")
            }
            throw HelperError("\(quoted(target)) cannot be written", error, at: target)
        }
    }
}

/// Makes a folder and what leads to it, for this user alone.
///
/// - Returns: those that were missing, the outermost first.
func makeFolders(_ path: Substring) throws(SystemError) -> [String] {
    var status = stat()
    if path.isEmpty || stat(String(path), &status) == 0 { return [] }
    let parent = folder(of: String(path))
    let made = parent == String(path) ? [] : try makeFolders(parent[...])
    if mkdir(String(path), 0o700) != 0 {
        if errno == EEXIST { return made }
        throw SystemError()
    }
    return made + [String(path)]
}
