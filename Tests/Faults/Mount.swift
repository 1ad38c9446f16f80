import Platform
import TestSupport

/// A folder as another machine would see it: through a file system of its own, which is FUSE's bindfs, and which passes
/// on what is asked of the folder, locks included.
final class Mount: Place {
    let folder: TemporaryFolder
    private let program: RunningProgram

    /// - Throws: ``Impossible`` where the system does not let this user have one.
    init(of original: String) async throws {
        guard Program.find("bindfs") != nil else { throw Impossible(reason: "bindfs is not installed") }
        folder = try TemporaryFolder()
        let before = try Mount.device(folder.path)
        let bindfs = Program(
            "bindfs", ["-f", "--multithreaded", "--enable-lock-forwarding", original, folder.path],
            environment: .inherited("PATH"))
        program = try bindfs.start()
        for _ in 0..<500 where try Mount.device(folder.path) == before {
            try await Task.sleep(for: .milliseconds(10))
        }
        guard try Mount.device(folder.path) != before else {
            await program.kill()
            throw Impossible(reason: "bindfs cannot mount here")
        }
    }

    deinit { unmount() }

    func inside(_ program: Program) -> Program {
        var program = program
        program.environment["HOME"] = folder.path
        program.workingDirectory = folder.path
        return program
    }

    /// Takes it away; the daemon ends with it.
    func unmount() { umount2(folder.path, Int32(MNT_DETACH)) }

    private static func device(_ path: String) throws -> dev_t {
        var status = stat()
        guard stat(path, &status) == 0 else { throw SystemError() }
        return status.st_dev
    }
}
