import Platform
import TestSupport
import Testing

/// Skips the rest of a test that needs root's rights.
func requireRoot(sourceLocation: SourceLocation = #_sourceLocation) throws {
    if geteuid() != 0 { try Test.cancel("needs root", sourceLocation: sourceLocation) }
}

/// Skips the rest of a test that another user's process must be able to run this file for.
func requireReachable(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var folder = path
    while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & 0o001 != 0 else {
            try Test.cancel("\(folder) is closed to other users", sourceLocation: sourceLocation)
        }
        folder = String(folder[..<slash])
    }
}

/// A file system of a test's own over a folder, where the system lets root mount one.
struct Mount {
    enum Kind {
        /// Empty, with room for 64 KiB.
        case small
        /// What the folder held, and no way to change it.
        case readOnlyCopy
    }

    private let path: String

    init(over path: String, kind: Kind, sourceLocation: SourceLocation = #_sourceLocation) throws {
        self.path = path
        #if os(Linux)
            let succeeded =
                switch kind {
                case .small: mount("tmpfs", path, "tmpfs", 0, "size=65536,mode=0700") == 0
                case .readOnlyCopy:
                    mount(path, path, nil, UInt(MS_BIND), nil) == 0
                        && mount(
                            nil, path, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil)
                            == 0
                }
        #else
            let succeeded = false
        #endif
        if !succeeded {
            unmount()
            try Test.cancel("cannot mount a file system here", sourceLocation: sourceLocation)
        }
    }

    /// Leaves no room at all.
    func fill() throws {
        let file = try FileDescriptor(opening: path + "/filler", O_WRONLY | O_CREAT)
        for size in [4096, 512, 1] {
            let block = [UInt8](repeating: 0x78, count: size)
            while (try? file.writeAll(block)) != nil {}
        }
    }

    func unmount() {
        #if os(Linux)
            umount2(path, Int32(MNT_DETACH))
        #endif
    }
}
