import Platform
import Testing

/// The program itself, as a child process.
@Suite struct CommandLineTests {
    @Test(arguments: [SIGINT, SIGTERM])
    func serveAnnouncesItselfAndEndsOnASignal(signal: Int32) throws {
        let program = try SandboxProgram(["serve", "--client", "a:b"])
        let line = program.firstLine()
        #expect(line.hasPrefix("http://127.0.0.1:"))
        let client = try RawClient(baseURL: line)
        client.send(
            "POST /oauth/token HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 72\r\n\r\n")
        client.send(#"{"grant_type":"client_credentials","client_id":"a","client_secret":"b"} "#)
        #expect(try client.reply()?.status == 200)
        program.send(signal)
        #expect(program.waitForExit() == 0)
        #expect(throws: SystemError(ECONNREFUSED)) { try RawClient(baseURL: line) }
    }

    @Test(arguments: [
        (
            ["serve", "--port", "x"],
            "butlr-sandbox: --port needs a port, 0 to 65535 (see butlr-sandbox --help)\n"
        ),
        (["demo", "x"], "butlr-sandbox: demo takes no arguments (see butlr-sandbox --help)\n"),
        (["walk"], "butlr-sandbox: unknown command walk (see butlr-sandbox --help)\n"),
        ([], "butlr-sandbox: say what to do: demo, serve (see butlr-sandbox --help)\n"),
    ])
    func aWrongCommandLineIsOneLineAndStatus64(arguments: [String], message: String) throws {
        let program = try SandboxProgram(arguments)
        #expect(program.errorOutput() == message)
        #expect(program.waitForExit() == 64)
    }

    @Test(arguments: [
        (["--help"], "serve"), (["serve", "--help"], "--rotate"), (["demo", "--help"], "NO_COLOR"),
    ])
    func helpGoesToStandardOutput(arguments: [String], word: String) throws {
        let program = try SandboxProgram(arguments)
        #expect(program.output().contains(word))
        #expect(program.waitForExit() == 0)
    }
}
