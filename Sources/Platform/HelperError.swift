/// Every way in which the helper can fail to hand over a credential.
///
/// One shape for all of them, because a failure is written to disk (so that other processes answer the same
/// without asking again) and rendered in each caller's own protocol.
public struct HelperError: Error, Equatable, Sendable {
    /// What kind of failure it is: the word that programs read.
    public enum Code: String, Sendable, CaseIterable {
        case usage
        case badRequest = "bad-request"
        case noProfile = "no-profile"
        case providerError = "provider-error"
        case ioError = "io-error"
        case temporaryFailure = "temporary-failure"
        case tlsError = "tls-error"
        case credentialsRejected = "credentials-rejected"
        case config
    }

    public var code: Code
    /// What happened and where, in one line for people; never a secret.
    public var message: String
    /// What to do about it, as the next thing to type where there is one.
    public var hint: String?
    /// Seconds until another try makes sense, where that is known.
    public var retryAfter: Int?

    public init(_ code: Code, _ message: String, hint: String? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.retryAfter = retryAfter
    }
}

extension HelperError {
    /// `io-error`: what could not be done with a file, and the command that shows why.
    public init(_ message: String, _ error: SystemError, at path: String) {
        self.init(.ioError, "\(message): \(error)", hint: error.inspection(of: path))
    }
}

extension SystemError {
    /// The command that shows why a file cannot be read or written; `nil` where there is nothing to be seen.
    public func inspection(of path: String) -> String? {
        var place = absolutePath(path)
        while access(place, F_OK) != 0, place != "/" { place = folder(of: place) }
        switch number {
        case ENOSPC, EDQUOT: return "df -h \(shellWord(place))"
        case EACCES, EPERM, EROFS, ENOTDIR, EISDIR, EEXIST: return "ls -ld \(shellWord(place))"
        default: return nil
        }
    }
}

/// The command that sets `HOME`, for whom it is not set.
public let exportHome = "export HOME=\"$(getent passwd \"$(id -u)\" | cut -d: -f6)\""

extension HelperError.Code {
    /// The exit status of the native commands, after `sysexits.h`.
    public var exitStatus: Int32 {
        switch self {
        case .usage: 64
        case .badRequest: 65
        case .noProfile, .providerError: 69
        case .ioError: 74
        case .temporaryFailure: 75
        case .tlsError: 76
        case .credentialsRejected: 77
        case .config: 78
        }
    }

    /// Whether the same call may succeed later with nothing changed.
    public var isRetryable: Bool { self == .temporaryFailure }
}

extension HelperError {
    /// The line or two for people on standard error.
    public var text: String {
        var text = "butlr-credential: \(printable(message))"
        if let retryAfter { text += " (try again in \(retryAfter) s)" }
        if let hint { text += "\n  \(printable(hint))" }
        return text + "\n"
    }

    /// `{"version":1,"error":{…}}`, the native protocol's failure.
    public var json: JSON {
        [
            "version": 1,
            "error": [
                "code": .string(code.rawValue),
                "message": .string(printable(message)),
                "hint": hint.map { .string(printable($0)) } ?? .null,
                "retryable": .bool(code.isRetryable),
                "retry_after": retryAfter.map { .number(Double($0)) } ?? .null,
            ],
        ]
    }
}
