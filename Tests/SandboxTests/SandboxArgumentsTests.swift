import Sandbox
import Testing

@Suite struct SandboxArgumentsTests {
    @Test func nothingGivesTheDefaults() throws {
        let options = try SandboxOptions(arguments: [])
        #expect(options == SandboxOptions())
        #expect(options.clients == ["client_sandbox": "sandbox-secret"])
        #expect(options.users == ["ada@example.com": "sandbox-password"])
        #expect(options.expiresIn == 3600)
    }

    @Test func everyOptionIsRead() throws {
        let options = try SandboxOptions(arguments: [
            "--port", "8080", "--client", "a:b:c", "--client=d:e=f", "--user", "u:p", "--expires-in", "-5",
            "--latency=20", "--rotate", "--fail", "429:2", "--fail=500",
        ])
        let expected = SandboxOptions(
            port: 8080, clients: ["a": "b:c", "d": "e=f"], users: ["u": "p"], expiresIn: -5, latency: 20,
            rotatesRefreshTokens: true, failures: [.init(status: 429, count: 2), .init(status: 500)])
        #expect(options == expected)
    }

    @Test(arguments: [
        (["--nope"], "unknown option --nope"),
        (["--nope=secret"], "unknown option --nope"),
        (["secret"], "unexpected argument: options begin with --"),
        (["--port"], "--port needs a port"),
        (["--port", "65536"], "--port needs a port, 0 to 65535"),
        (["--port", "-1"], "--port needs a port, 0 to 65535"),
        (["--client", "secret"], "--client needs ID:SECRET"),
        (["--client", ":secret"], "--client needs ID:SECRET"),
        (["--user", "secret:"], "--user needs NAME:PASSWORD"),
        (["--expires-in", "soon"], "--expires-in needs seconds, -1000000000 to 1000000000"),
        (["--latency", "-1"], "--latency needs milliseconds, 0 to 3600000"),
        (["--rotate=yes"], "--rotate takes no value"),
        (["--fail", "200"], "--fail needs STATUS[:COUNT], a status of 400 to 599 and a count from 1"),
        (["--fail", "500:0"], "--fail needs STATUS[:COUNT], a status of 400 to 599 and a count from 1"),
        (["--fail", "500:1:1"], "--fail needs STATUS[:COUNT], a status of 400 to 599 and a count from 1"),
    ])
    func aMistakeIsNamedWithoutItsSecret(arguments: [String], message: String) {
        #expect(throws: UsageError(message)) { try SandboxOptions(arguments: arguments) }
    }
}
