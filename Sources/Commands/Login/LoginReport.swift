import Broker
import Platform
import Profiles

/// What a person is told of a login, and what to type next.
extension LoginAttempt {
    func report(of login: FreshLogin) -> String {
        let profile = login.profile
        let place = shown(draft.path)
        let lifetime = spoken(login.expires - login.issued)
        let subject = quoted(login.subject ?? profile.subject, limit: 80)
        var lines = [
            "Logged in to \(quoted(profile.server)) as \(subject).",
            "The token lives for \(lifetime).",
            "\(draft.isNew ? "Made" : "Changed") the \(profile.title) in \(quoted(place)).",
        ]
        if !dropped.isEmpty {
            lines.append(
                "Took out what it cannot use any more: \(dropped.map(\.name).joined(separator: ", ")).")
        }
        for key in [ConfigKey.clientSecret, .password] where secrets[key] != nil {
            let file = secretFolder.map { $0.abbreviated($0.path(of: key, in: profile.name)) } ?? ""
            lines.append("Its \(key.name) is in \(quoted(file)).")
        }
        // Whoever named no profile need not name one now.
        func command(_ words: String, _ arguments: String...) -> String {
            broker.directories.commandLine(words, profile: broker.profileName, arguments)
        }
        var rows = [
            (command("token"), "a token"),
            (broker.directories.commandLine("status", profile: nil), "what is kept, and until when"),
        ]
        if profile.urls.count == (profile.baseURL == nil ? 0 : 1) {
            rows.append((command("login", "--url", "URL"), "let tools use it for a server"))
        } else {
            rows.append((command("setup git"), "let git use it"))
            rows.append((command("setup kubectl"), "let kubectl use it"))
        }
        let layout = TextLayout(forOutputIn: context.environment)
        return lines.map { layout.paragraph($0) }.joined() + "\nNext:\n" + layout.commands(rows)
    }

    func shown(_ path: String) -> String { secretFolder?.abbreviated(path) ?? path }
}
