import Broker
import Platform
import Profiles

/// What `status` prints for people: a line for each profile, with what else there is to say of it below.
struct StatusTable {
    private struct Row {
        var cells: [String]
        var notes: [(String, String)]
    }

    private let rows: [Row]
    private let layout: TextLayout
    /// The command that says what to do about it; `nil` where every profile can give a token.
    private let doctor: String?

    private static let headings = ["PROFILE", "WHO", "PROVIDER", "GRANT", "TOKEN"]
    /// A column that is cut where the line would be too long, and what is left of it at least.
    private static let flexible = (column: 1, minimum: 12)

    init(_ statuses: [ProfileStatus], _ context: Context, _ broker: Broker, width: Int) {
        layout = TextLayout(width: width)
        let now = context.clock.now()
        let home = context.environment.absolutePath("HOME")
        rows = statuses.map { StatusTable.row($0, at: now, home) }
        doctor =
            statuses.allSatisfy { $0.obstacle == nil }
            ? nil : broker.directories.commandLine("doctor", profile: broker.profileName)
    }

    var text: String {
        let count = StatusTable.headings.count
        var widths = (0..<count).map { column in
            ([StatusTable.headings] + rows.map(\.cells).filter { $0.count == count })
                .map { columns($0[column]) }.max() ?? 0
        }
        let excess = widths.reduce(2 * (count - 1), +) - layout.width
        let (column, minimum) = StatusTable.flexible
        if excess > 0 { widths[column] = max(minimum, widths[column] - excess) }
        guard widths.reduce(2 * (count - 1), +) <= layout.width else { return stacked + advice }
        return line(StatusTable.headings, widths)
            + rows.map { row in
                (row.cells.count == count ? line(row.cells, widths) : row.cells[0] + "\n") + notes(row)
            }.joined() + advice
    }

    /// What to type where a profile gives no token.
    private var advice: String {
        doctor.map {
            "\n" + layout.paragraph("Not every profile can give a token. This says what to type:")
                + "  \($0)\n"
        } ?? ""
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (cell, width) in zip(cells, widths) {
            let cell = cut(cell, to: width)
            line += cell + blanks(width + 2 - columns(cell))
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }

    private func notes(_ row: Row) -> String {
        layout.list(row.notes.map { ($0.0, $0.1) }, indent: 4)
    }

    /// For windows too narrow for a table.
    private var stacked: String {
        rows.map { row in
            let cells = zip(StatusTable.headings, row.cells).dropFirst().map { ($0.lowercased(), $1) }
            return row.cells[0] + "\n" + layout.list(cells + row.notes, indent: 2)
        }.joined()
    }

    // MARK: What is said of a profile

    private static func row(_ status: ProfileStatus, at now: Timestamp, _ home: String?) -> Row {
        let name = quoted(status.name, limit: 40)
        guard case .success(let profile) = status.profile else {
            return Row(cells: [name], notes: [("error", status.obstacle?.message ?? "")])
        }
        let who = quoted(status.token?.subject ?? profile.subject, limit: 80)
        var notes: [(String, String)] = []
        // The one who is in the table is not said twice.
        for (label, name) in [("client", profile.clientID), ("user", profile.username)] {
            if let name = name.map({ quoted($0, limit: 80) }), name != who { notes.append((label, name)) }
        }
        if let scope = status.token?.scope ?? profile.requestedScope {
            notes.append(("scope", quoted(scope)))
        }
        for secret in status.secrets { notes.append((secret.label, said(secret, home))) }
        if let failure = status.failure { notes.append(("failed", said(failure, of: status.name, at: now))) }
        return Row(
            cells: [
                name, who, profile.provider.name, profile.grant.rawValue, said(status, at: now),
            ], notes: notes)
    }

    private static func said(_ status: ProfileStatus, at now: Timestamp) -> String {
        guard let token = status.token, token.expires > now else {
            return status.hasRefreshToken ? "expired, to refresh" : "none"
        }
        return "\(spoken(token.expires - now))\(token.isFresh ? "" : ", to renew")"
    }

    private static func said(_ secret: ProfileStatus.NeededSecret, _ home: String?) -> String {
        func shown(_ source: SecretSource) -> String {
            guard case .file(let path) = source, let home, path.hasPrefix(home + "/") else {
                return "\(source)"
            }
            return "file:~" + quoted(String(path.dropFirst(home.count)))
        }
        if let (source, presence) = secret.answering {
            return shown(source) + (presence == .unknown ? " (not tried)" : "")
        }
        return secret.sources.map { source, presence in
            if case .missing(let reason) = presence { "\(shown(source)) \(reason)" } else { shown(source) }
        }.joined(separator: "; ")
    }

    private static func said(
        _ failure: ProfileStatus.Failure, of name: String, at now: Timestamp
    ) -> String {
        // Which profile it is can be seen.
        let prefix = "\(Profile.title(of: name)): "
        let whole = failure.error.message
        let message = whole.hasPrefix(prefix) ? String(whole.dropFirst(prefix.count)) : whole
        let left = failure.until - now
        let next =
            left > 0
            ? "the provider is asked again in \(spoken(left)), or when a secret changes"
            : "the provider is asked again at the next call"
        return "\(spoken(now - failure.at)) ago: \(quoted(message, limit: 300)); \(next)"
    }
}

extension ProfileStatus.NeededSecret {
    fileprivate var label: String { key == .password ? "password" : "secret" }
}
