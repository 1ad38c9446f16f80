import FoundationEssentials
import Platform

@testable import Profiles

/// A folder of a test's own, removed with all that is in it when the test lets go of it.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/butlr-profiles-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file and gives its path; folders on the way are made.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) -> String {
        write(name, bytes: Array(text.utf8), mode: mode)
    }

    @discardableResult
    func write(_ name: String, bytes: [UInt8], mode: mode_t = 0o600) -> String {
        let file = "\(path)/\(name)"
        makeFolders(Platform.folder(of: file))
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        precondition(descriptor >= 0, "cannot write \(file)")
        try! writeAll(descriptor, bytes)
        fchmod(descriptor, mode)
        close(descriptor)
        return file
    }

    func makeFolders(_ folder: String) {
        if access(folder, F_OK) == 0 { return }
        makeFolders(Platform.folder(of: folder))
        mkdir(folder, 0o700)
    }

    func text(_ name: String) -> String? {
        guard let file = try? FileDescriptor(opening: "\(path)/\(name)", O_RDONLY),
            let bytes = try? file.readToEnd(limit: 1 << 20)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Runs a script and waits for its end.
@discardableResult
func runShell(_ script: String) -> Int32 {
    let arguments = (["/bin/sh", "-c", script] as [String]).map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    guard posix_spawn(&process, "/bin/sh", nil, nil, arguments, environ) == 0 else { return -1 }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
}

/// Random numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A configuration of one file's text, in a folder that is then gone.
func configuration(_ text: String, _ variables: [String: String] = [:]) throws(HelperError) -> Configuration {
    let folder = TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let file = folder.write("config", text)
    let environment = Environment(["HOME": "/home/ada"].merging(variables) { $1 })
    return try Configuration(
        environment: environment, directories: Directories(environment, configFile: file))
}

/// The profile of one section's lines, `default`.
func profile(_ lines: String, _ variables: [String: String] = [:]) throws(HelperError) -> Profile {
    try configuration("[profile \"default\"]\n\(lines)\n", variables).profile(named: nil)
}

/// What is thrown, or `nil`.
func failure<Result>(_ body: () throws(HelperError) -> Result) -> HelperError? {
    do throws(HelperError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
