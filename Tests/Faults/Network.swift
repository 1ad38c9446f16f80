import CTestSupport
import Platform
import Sandbox
import TestSupport

/// Where a program can be run.
protocol Place: Sendable {
    /// The same program there.
    func inside(_ program: Program) -> Program
}

/// A network whose loopback is its own, with the provider on it.
final class Network: Place {
    /// Where the provider is: the same address as in the other networks, but another server.
    let url: String
    let server: HTTPServer
    private let namespace: FileDescriptor

    /// Makes one.
    ///
    /// - Parameter port: the provider's; 0 for any.
    /// - Throws: ``Impossible`` where the system does not let this user have one.
    init(with provider: RotatingProvider, port: UInt16) async throws {
        guard Program.find("nsenter") != nil else { throw Impossible(reason: "nsenter is not installed") }
        // A thread has a network of its own, and what it opens stays there.
        let (server, url, namespace) = try await onOwnThread {
            guard support_new_network() == 0 else {
                throw Impossible(reason: "no network of its own: \(SystemError())")
            }
            let namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
            guard namespace >= 0 else { throw SystemError() }
            let (server, url) = try provider.serve(port: port)
            return (server, url, namespace)
        }
        self.server = server
        self.url = url
        self.namespace = FileDescriptor(owning: namespace)
    }

    var port: UInt16 { url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    func inside(_ program: Program) -> Program {
        var entered = program
        entered.name = "nsenter"
        entered.arguments =
            ["--net=/proc/\(getpid())/fd/\(namespace.raw)", program.name] + program.arguments
        return entered
    }
}
