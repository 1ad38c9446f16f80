import Platform

/// What one check found.
struct Finding: Equatable {
    enum Status: String {
        case ok, warn, fail
    }

    let status: Status
    /// What was found, in a sentence; never a secret.
    let text: String
    /// The one command that mends it.
    let mend: String?
    /// What kind of failure it is.
    let code: HelperError.Code?

    private init(status: Status, text: String, mend: String?, code: HelperError.Code?) {
        self.status = status
        self.text = printable(text)
        self.mend = mend.map(printable)
        self.code = code
    }

    static func ok(_ text: String) -> Finding {
        Finding(status: .ok, text: text, mend: nil, code: nil)
    }

    static func warn(_ text: String, mend: String? = nil) -> Finding {
        Finding(status: .warn, text: text, mend: mend, code: nil)
    }

    static func fail(_ code: HelperError.Code, _ text: String, mend: String? = nil) -> Finding {
        Finding(status: .fail, text: text, mend: mend, code: code)
    }
}

/// The checks of one part of the set-up, in the order in which a request meets them.
struct Stage {
    let name: String
    let findings: [Finding]
}
