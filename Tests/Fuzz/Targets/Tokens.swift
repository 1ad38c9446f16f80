import Platform

@testable import OAuth
@testable import TokenStore

/// A provider's answer: its first byte says which `Date` came with it.
func fuzzTokenResponse(_ input: [UInt8]) {
    let sent = Timestamp(seconds: 1_800_000_000)
    let dates = [nil, sent + 500, sent + 3_600_000, sent - 86_400_000, Timestamp(seconds: 0)]
    let exchange = Exchange(
        sent: sent, received: sent + 300, date: dates[Int(input.first ?? 0) % dates.count])
    let names = TokenResponse.MemberNames(
        accessToken: "access_token", refreshToken: "refresh_token", idToken: "id_token",
        expiresIn: "expires_in")
    do throws(TokenResponse.Malformed) {
        let response = try TokenResponse(parsing: Array(input.dropFirst()), names: names, exchange)
        for token in [response.accessToken, response.refreshToken, response.idToken].compactMap(\.self) {
            let bytes = token.reveal().utf8
            expect(!bytes.isEmpty && bytes.allSatisfy { (0x21...0x7E).contains($0) }, "token \(bytes)")
        }
        for lifetime in [response.lifetime, response.idTokenLifetime ?? 0] {
            expect(lifetime <= TokenResponse.longestLifetime, "lifetime \(lifetime)")
            // What is later computed from it must not overflow.
            _ = sent + lifetime
        }
    } catch {
        expect(isOneHarmlessLine(error.reason), error.reason)
        expect(isOneHarmlessLine(quoted(error.quote ?? "", limit: 60)), error.quote ?? "")
    }
}

func fuzzJSONWebToken(_ input: [UInt8]) {
    guard let text = String(validating: input, as: UTF8.self),
        let token = JSONWebToken(Secret(text))
    else { return }
    for moment in [token.expires, token.issued].compactMap(\.self) {
        expect((0...253_402_300_799).contains(moment), "moment \(moment)")
        // A date of four digits for the year.
        expect(Timestamp(seconds: moment).rfc3339.utf8.count == 20, Timestamp(seconds: moment).rfc3339)
    }
}

/// The files of the store: what is read from one is written so that it reads the same.
func fuzzTokenFile(_ input: [UInt8]) {
    let identity = "fuzz"
    if let token = StoredToken(contents: input, for: identity) {
        expect(StoredToken(contents: token.contents(for: identity), for: identity) == token, "\(token)")
        expect(StoredToken(contents: token.contents(for: "other"), for: identity) == nil, "another's token")
    }
    if let token = StoredRefreshToken(contents: input, for: identity) {
        expect(
            StoredRefreshToken(contents: token.contents(for: identity), for: identity) == token, "\(token)")
    }
    if let memory = FailureMemory(contents: input, for: identity) {
        expect(FailureMemory(contents: memory.contents(for: identity), for: identity) == memory, "\(memory)")
    }
}
