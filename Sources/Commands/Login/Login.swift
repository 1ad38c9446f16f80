import Broker
import Callers
import Platform
import Profiles

/// `login`: makes a profile, or gives one other secrets, after one real request has shown that it works.
enum Login: Command {
    static let showsWaiting = true

    /// Whatever prints the secret may ask a person first, for a passphrase or a finger.
    static let inputTimeout: Milliseconds = 600_000

    static let name = "login"

    static let manual = Manual(
        summary: "make a profile or change its secret, after trying it",
        options: [
            .init("--provider", "butlr|oauth2", "who issues the tokens (default: butlr)"),
            .init(
                "--grant", "client-credentials|password",
                "how you log in: as a program, with an API token's client ID and secret (the default), or as a"
                    + " person, with a user name and password"),
            .init("--client-id", "ID", "the client's ID"),
            .init(
                "--client-secret", "SOURCE",
                "where the client secret is: env:NAME, file:PATH, command:LINE, systemd:NAME or prompt:"),
            .init("--username", "NAME", "the user's name"),
            .init("--password", "SOURCE", "where the password is, as for --client-secret"),
            .init(
                "--secret-stdin", nil,
                "read the client secret, or the password, from standard input; one line each where both are"
                    + " needed, the client secret first"),
            .init("--base-url", "URL", "where Butlr is (default: https://api.butlr.io)"),
            .init("--token-endpoint", "URL", "where another provider issues tokens"),
            .init(
                "--client-auth", "basic|post|none", "how the client proves who it is there (default: basic)"),
            .init("--scope", "WORDS", "the scope to ask for"),
            .init("--audience", "NAME", "the audience to ask for"),
            .init("--resource", "URI", "the resource to ask for; may be given several times"),
            .init("--param", "NAME=VALUE", "a further parameter of the request; several times"),
            .init(
                "--url", "URL",
                "a further URL that the token may be given to; several times; an empty one takes out those before"
            ),
            .init("--ca-file", "FILE", "certificates to trust instead of the system's"),
        ],
        details: [
            "Asks for what the options leave open, tries it with one request, and only then writes the profile"
                + " (--profile, or default) to the config file. If the request fails, nothing is changed. A"
                + " profile that is there keeps what is not given again, and its secret where only its URLs or"
                + " what it asks for change.",
            "Client credentials are made in the Butlr web app, \(Login.webApp).",
            "A secret that is typed, or comes on standard input, is kept in a file of its own that only you can"
                + " read. With --client-secret or --password it stays where it is.",
        ])

    static var webApp: String {
        "https://app.butlr.io: Account Settings, API tokens, Create token. The secret is shown only once"
    }

    static func answer(_ call: Call) throws(HelperError) -> Reply {
        let options = try Options(call.arguments, of: Self.self)
        guard options.operands.isEmpty else {
            // It may be a secret, so it is not repeated.
            throw HelperError(
                .usage, "login takes options only",
                hint: "a secret is asked for, or read from standard input with --secret-stdin")
        }
        var attempt = try LoginAttempt(options, call)
        let login = try attempt.run()
        return Reply(output: attempt.report(of: login))
    }
}
