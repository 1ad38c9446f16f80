/// A private certificate authority and what it issues, made with the `openssl` command in a temporary folder,
/// which is removed with the last reference to it and to what it issued.
/// A test that uses one needs the trait `.clients("openssl", "python3")` when it also uses ``TLSProxy``.
public final class CertificateAuthority: Sendable {
    /// What a server's certificate is like.
    public enum Variant: String, Sendable, CaseIterable {
        /// For `localhost` and `127.0.0.1`, today.
        case valid
        /// The same, but for a time long gone.
        case expired
        /// For `other.example` only.
        case wrongHost = "wrong-host"
        /// Issued by itself, unknown to the authority.
        case selfSigned = "self-signed"
    }

    /// A certificate with its private key, both PEM files.
    public struct Certificate: Sendable {
        public let certificateFile: String
        public let keyFile: String
        /// Keeps the files.
        private let folder: TemporaryFolder

        init(_ name: String, in folder: TemporaryFolder) {
            certificateFile = folder.path("\(name).pem")
            keyFile = folder.path("\(name).key")
            self.folder = folder
        }
    }

    private let folder: TemporaryFolder

    /// Makes the authority: a P-256 key and its certificate.
    public init() async throws {
        folder = try TemporaryFolder()
        try folder.write("openssl.cnf", configuration)
        try folder.write("index.txt", "")
        try await makeKey("ca")
        try await openssl(
            "req", "-x509", "-config", "openssl.cnf", "-extensions", "authority", "-new", "-key", "ca.key",
            "-subj", "/CN=Test authority", "-days", "30", "-out", "ca.pem")
    }

    /// The authority's certificate, for `ca-file` and the like (PEM).
    public var certificateFile: String { folder.path("ca.pem") }

    /// Issues a server's certificate. One at a time: it is not safe to ask for two at once.
    public func issue(_ variant: Variant = .valid) async throws -> Certificate {
        let name = variant.rawValue
        try await makeKey(name)
        if variant == .selfSigned {
            try await openssl(
                "req", "-x509", "-config", "openssl.cnf", "-extensions", "server", "-new",
                "-key", "\(name).key", "-subj", "/CN=localhost", "-days", "30", "-out", "\(name).pem")
        } else {
            try await openssl(
                "req", "-config", "openssl.cnf", "-new", "-key", "\(name).key",
                "-subj", "/CN=\(name)", "-out", "\(name).csr")
            // Of all of openssl's commands, `ca` is the one that in every version takes dates of the past.
            let dates =
                variant == .expired
                ? ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"] : ["-days", "30"]
            try await openssl(
                [
                    "ca", "-batch", "-config", "openssl.cnf", "-notext", "-in", "\(name).csr",
                    "-extensions", variant == .wrongHost ? "other_server" : "server",
                    "-out", "\(name).pem",
                ] + dates)
        }
        return Certificate(name, in: folder)
    }

    private func makeKey(_ name: String) async throws {
        try await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "\(name).key")
    }

    private func openssl(_ arguments: String...) async throws { try await openssl(arguments) }

    private func openssl(_ arguments: [String]) async throws {
        let outcome = try await Program(
            "openssl", arguments, environment: .inherited("PATH", "HOME"), in: folder.path
        ).run()
        guard outcome.status == 0 else { throw OpenSSLFailed(arguments: arguments, outcome: outcome) }
    }

    /// The `openssl` command failed.
    public struct OpenSSLFailed: Error, CustomStringConvertible {
        public let arguments: [String]
        public let outcome: Program.Outcome
        public var description: String {
            "openssl \(arguments.joined(separator: " ")): \(outcome)"
        }
    }
}

private let configuration = """
    [req]
    distinguished_name = name
    prompt = no
    [name]
    [authority]
    basicConstraints = critical, CA:TRUE
    keyUsage = critical, keyCertSign, cRLSign
    subjectKeyIdentifier = hash
    [server]
    basicConstraints = critical, CA:FALSE
    extendedKeyUsage = serverAuth
    subjectAltName = DNS:localhost, IP:127.0.0.1
    [other_server]
    basicConstraints = critical, CA:FALSE
    extendedKeyUsage = serverAuth
    subjectAltName = DNS:other.example
    [ca]
    default_ca = authority_files
    [authority_files]
    database = index.txt
    new_certs_dir = .
    rand_serial = yes
    certificate = ca.pem
    private_key = ca.key
    default_md = sha256
    policy = anything
    unique_subject = no
    [anything]
    commonName = optional
    """
