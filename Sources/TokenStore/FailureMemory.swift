import Platform

/// What has gone wrong for an identity lately, so that other processes need not find out for themselves.
public struct FailureMemory: Equatable, Sendable {
    /// A failed request.
    public struct Failure: Equatable, Sendable {
        public var error: HelperError
        public var at: Timestamp
        /// Until then the answer stays the same.
        public var until: Timestamp
        /// How many times in a row it has failed like this.
        public var count: Int
        /// Keyed hash of the settings and secrets that were used: with others it may go better.
        public var fingerprint: String

        public init(error: HelperError, at: Timestamp, until: Timestamp, count: Int, fingerprint: String) {
            self.error = error
            self.at = at
            self.until = until
            self.count = count
            self.fingerprint = fingerprint
        }
    }

    public var failure: Failure?
    /// When servers refused tokens that had only just been issued.
    public var rejections: [Timestamp]

    public init(failure: Failure? = nil, rejections: [Timestamp] = []) {
        self.failure = failure
        self.rejections = rejections
    }

    public var isEmpty: Bool { failure == nil && rejections.isEmpty }
}

extension FailureMemory: Record {
    var json: [JSON.Member] {
        [
            .init("failure", failure?.json ?? .null),
            .init("rejections", .array(rejections.map(JSON.init))),
        ]
    }

    init?(_ json: JSON) {
        self.init(
            failure: json["failure"].flatMap(Failure.init),
            rejections: json["rejections"]?.array?.compactMap(\.timestamp) ?? [])
    }
}

extension FailureMemory.Failure {
    fileprivate var json: JSON {
        [
            "code": .string(error.code.rawValue),
            "message": .string(error.message),
            "hint": error.hint.map(JSON.string) ?? .null,
            "retry_after": error.retryAfter.map { .number(Double($0)) } ?? .null,
            "at": JSON(at),
            "until": JSON(until),
            "count": .number(Double(count)),
            "fingerprint": .string(fingerprint),
        ]
    }

    fileprivate init?(_ json: JSON) {
        guard let code = json["code"]?.string.flatMap(HelperError.Code.init),
            let message = json["message"]?.string, let at = json["at"]?.timestamp,
            let until = json["until"]?.timestamp, let count = json["count"]?.integer,
            let fingerprint = json["fingerprint"]?.string
        else { return nil }
        self.init(
            error: HelperError(
                code, message, hint: json["hint"]?.string,
                retryAfter: json["retry_after"]?.integer.map { Int(clamping: $0) }),
            at: at, until: until, count: Int(clamping: count), fingerprint: fingerprint)
    }
}
