import Sandbox

/// The steps of the demo, in their order. Each checks what it shows.
struct DemoShow {
    var page: DemoPage
    let sandbox: SandboxServer
    let baseURL: String
    let shell: DemoShell
    let home: DemoHome

    /// - Returns: whether every step behaved.
    consuming func run() -> Bool {
        page.paragraph(
            "An emulator of Butlr's login endpoints is at \(baseURL), and ~ is a temporary home whose config"
                + " names it. Every command is run as it stands. On the right: how often the emulator was asked"
                + " for a token so far.")
        let token = program()
        script(token)
        git(token)
        kubectl(token)
        foreignHost()
        wrongSecret()
        tenAtOnce()
        page.end(logins: sandbox.requests.count { $0.status == 200 }, of: sandbox.requests.count)
        page.nextSteps()
        return page.failures == 0
    }

    /// - Returns: the token that all further callers are to get.
    private mutating func program() -> String {
        let command = "echo '{\"uri\":\"\(baseURL)/\"}' | butlr-credential get"
        let result = shell.run(command)
        let token = accessToken(of: result.output)
        page.step("A program asks in JSON: the first token costs one login", asked)
        page.command(command, result)
        page.expect(result.status == 0 && token != nil, "a token", result)
        expectAsked(1)
        return token ?? "no token"
    }

    private mutating func script(_ token: String) {
        let result = shell.run("butlr-credential token")
        let url = "\(baseURL)/api/v3/graphql"
        let hasCurl = findProgram("curl") != nil
        let command =
            "butlr-credential token --format curl --url \(baseURL)/"
            + (hasCurl ? " |\n  curl -sK - \(url)" : "")
        let call = shell.run(command)
        page.step("A script asks: the same token, from the store, also for curl", asked)
        page.command("butlr-credential token", result)
        page.expect(result.status == 0 && result.output == token + "\n", "the same token", result)
        page.command(command, call)
        if hasCurl {
            page.expect(call.output.contains(#""subject":"client_sandbox""#), "the API's answer", call)
        } else {
            page.expect(call.output.contains(token), "the same token", call)
        }
        expectAsked(1)
    }

    private mutating func git(_ token: String) {
        let isThere = findProgram("git") != nil
        let caller = isThere ? "git -c credential.helper=butlr credential fill" : "git-credential-butlr get"
        let command = "printf 'protocol=https\\nhost=git.example.com\\n\\n' |\n  \(caller)"
        let result = shell.run(command)
        page.step(isThere ? "git asks" : "What git would ask (it is not installed)", asked)
        page.command(command, result)
        page.expect(
            result.status == 0 && result.output.contains("password=\(token)\n"), "the same token", result)
        expectAsked(1)
    }

    private mutating func kubectl(_ token: String) {
        let result: DemoShell.Result
        if findProgram("kubectl") != nil {
            // kubectl sends credentials over TLS only, which the emulator does not have, so its request comes to
            // nothing; what the helper answered before that is to be seen.
            let attempt = shell.run("kubectl get --raw /version")
            result = DemoShell.Result(
                output: home.kubernetesAnswer() ?? "", errors: attempt.errors, status: attempt.status)
            page.step("kubectl asks for a credential (its request itself would need TLS)", asked)
            page.command("kubectl get --raw /version", result, showsErrors: false)
        } else {
            result = shell.run("butlr-credential kubernetes")
            page.step("What kubectl would ask (it is not installed)", asked)
            page.command("butlr-credential kubernetes", result)
        }
        page.expect(execCredentialToken(of: result.output) == token, "the same token", result)
        expectAsked(1)
    }

    private mutating func foreignHost() {
        let command = "butlr-credential token --url https://elsewhere.example/"
        let result = shell.run(command)
        page.step("A host that the config does not list gets nothing", asked)
        page.command(command, result)
        page.expect(result.status == 69 && result.output.isEmpty, "exit status 69", result)
        expectAsked(1)
    }

    private mutating func wrongSecret() {
        let command = "butlr-credential --profile mistyped token"
        let first = shell.run(command)
        page.step("A wrong secret is named, and is not tried over and over", asked)
        page.command(command, first)
        page.expect(first.status == 77, "exit status 77", first)
        expectAsked(2)
        let second = shell.run(command)
        page.remark("A second call says the same, and the emulator has still been asked \(asked) times.")
        page.expect(second.status == 77 && second.errors == first.errors, "the same", second)
        expectAsked(2)
    }

    private mutating func tenAtOnce() {
        // Long enough that all ten are there before the one login is answered.
        sandbox.configure { $0.latency = 250 }
        let command = "butlr-credential --profile other token"
        let results = shell.run(command, times: 10)
        let tokens = Set(results.map { String($0.output.prefix { $0 != "\n" }) })
        page.step("Ten callers at once: one login, ten answers", asked)
        page.remark("$ \(command)   (ten times, at the same moment)")
        page.remark(
            "\(results.count { $0.status == 0 }) answers, \(tokens.count) token: \(tokens.first ?? "")")
        for result in results where result.status != 0 { page.expect(false, "exit status 0", result) }
        page.expect(tokens.count == 1, "one token for all", results[0])
        expectAsked(3)
    }

    private var asked: Int { sandbox.requests.count }

    private mutating func expectAsked(_ times: Int) {
        page.expect(asked == times, "\(times) token requests so far, not \(asked)")
    }
}
