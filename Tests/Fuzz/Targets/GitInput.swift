import Platform

@testable import Broker
@testable import Callers
@testable import Profiles

/// git's description of a credential: nothing in it makes a line of the answer that is not ours.
func fuzzGit(_ input: [UInt8]) {
    let request: GitCredential
    do throws(HelperError) {
        request = try GitCredential(parsing: input)
    } catch {
        expectHarmless(error)
        return
    }
    if let url = request.url {
        expect(url.description.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(url)")
        if let host = request["host"] { expectHost(host, of: url) }
    }
    guard let profile else { return }
    let credential = Credential(
        profile: profile, accessToken: Secret("token"), idToken: nil, scope: nil,
        issued: Timestamp(seconds: 1_800_000_000), expires: Timestamp(seconds: 1_800_003_600), source: .cache)
    let answer = Git.description(of: credential, for: request)
    expect(answer.utf8.allSatisfy { $0 != 0x0D && $0 != 0 }, answer)
    let keys: Set = [
        "capability[]", "authtype", "credential", "ephemeral", "username", "password", "password_expiry_utc",
        "state[]", "continue",
    ]
    var seen: [String] = []
    for line in answer.utf8.split(separator: 0x0A) {
        let key = String(line.prefix { $0 != UInt8(ascii: "=") })!
        expect(keys.contains(key), answer)
        expect(key.hasSuffix("[]") || !seen.contains(key), answer)
        seen.append(key)
    }
    expect(seen.contains("password") != seen.contains("credential"), answer)
}

/// The host that is looked for is the one that git names, but for case, a final dot and a port.
private func expectHost(_ host: String, of url: RequestedURL) {
    guard host.utf8.allSatisfy({ $0 < 0x80 }), host.first != "[" else { return }
    var named = host.lowercased()
    if let colon = named.firstIndex(of: ":") { named = String(named[..<colon]) }
    if named.hasSuffix(".") { named.removeLast() }
    expect(url.url.host == named, "\(host) became \(url)")
}

private let profile: Profile? = {
    let environment = Environment([
        "BUTLR_CLIENT_ID": "fuzz", "BUTLR_CLIENT_SECRET": "fuzz", "HOME": "/nowhere",
        "XDG_CONFIG_DIRS": "/nowhere",
    ])
    return try? Configuration(
        environment: environment, directories: Directories(environment)
    ).profile(named: nil)
}()
