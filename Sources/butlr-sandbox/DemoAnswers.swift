#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The token in what `butlr-credential get` prints.
func accessToken(of answer: String) -> String? {
    struct Answer: Decodable {
        var token: String
        enum CodingKeys: String, CodingKey { case token = "access_token" }
    }
    return (try? JSONDecoder().decode(Answer.self, from: Data(answer.utf8)))?.token
}

/// The token in an ExecCredential.
func execCredentialToken(of answer: String) -> String? {
    struct ExecCredential: Decodable {
        var status: Status
        struct Status: Decodable { var token: String }
    }
    return (try? JSONDecoder().decode(ExecCredential.self, from: Data(answer.utf8)))?.status.token
}
