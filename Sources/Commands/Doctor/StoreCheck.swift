import Platform
import Profiles
import TokenStore

extension Patient {
    /// The folders that tokens are kept in, their files, and for each profile its lock, its token and its failures.
    func checkStore() -> [Finding] {
        var findings = check(directories.cache, "access tokens", variable: "XDG_CACHE_HOME")
        findings += check(directories.state, "refresh tokens and locks", variable: "XDG_STATE_HOME")
        for profile in profiles {
            let store = broker.store(of: profile)
            findings += check(lock: store, of: profile)
            findings += check(token: store, of: profile)
        }
        return findings
    }

    // MARK: Folders

    private func check(_ folder: String?, _ contents: String, variable: String) -> [Finding] {
        guard let folder else {
            return [
                .fail(
                    .ioError, "there is no folder for \(contents): HOME and \(variable) are not set",
                    mend: exportHome)
            ]
        }
        let missing = steps(to: folder).filter { access($0, F_OK) != 0 }
        do throws(SystemError) {
            try PrivateFolder(folder).tryOut()
        } catch {
            return [
                .fail(
                    .ioError, "\(contents) cannot be kept in \(quoted(folder)): \(error)",
                    mend: mend(error, folder, variable))
            ]
        }
        // What was made for the trial goes again.
        for step in missing.reversed() { rmdir(step) }
        // To own another's would be to believe it.
        let unsafe = [
            distrusted(in: folder, { !$0.isOwn }, "are another user's", "\(asRoot)rm"),
            distrusted(
                in: folder, { $0.isOwn && !$0.isPrivate }, "can be read or written by others", "chmod go="),
        ].compactMap(\.self)
        guard unsafe.isEmpty else { return unsafe }
        return [.ok("\(contents) can be kept in \(quoted(folder))")] + checkWay(to: folder)
    }

    /// - Returns: `nil` where there are no such files.
    private func distrusted(
        in folder: String, _ isUnsafe: (stat) -> Bool, _ what: String, _ command: String
    ) -> Finding? {
        let files = names(in: folder).filter { name in
            var status = stat()
            return lstat("\(folder)/\(name)", &status) == 0 && status.isRegularFile && isUnsafe(status)
        }
        guard !files.isEmpty else { return nil }
        return .warn(
            "files in \(quoted(folder)) \(what), and do not count: \(quoted(files.joined(separator: ", ")))",
            mend: command + files.map { " " + shellWord("\(folder)/\($0)") }.joined())
    }

    private func mend(_ error: SystemError, _ folder: String, _ variable: String) -> String {
        switch error.number {
        case EROFS, ENOSPC, EDQUOT: return "export \(variable)=\"$(mktemp -d)\""
        default: break
        }
        for step in steps(to: folder) {
            var status = stat()
            let word = shellWord(step)
            guard stat(step, &status) == 0 else {
                // A link that leads nowhere is in the way.
                if lstat(step, &status) == 0 { return "rm \(word)" }
                break
            }
            if !status.isDirectory { return "mv \(word) \(word).old" }
            if access(step, X_OK) != 0 {
                return status.isOwn ? "chmod u+rwx \(word)" : "\(asRoot)chown \(geteuid()) \(word)"
            }
            guard step == folder || access(step + "/" + nextName(step, folder), F_OK) != 0 else { continue }
            if !status.isOwn, access(step, W_OK) != 0 || step == folder {
                return "\(asRoot)chown -R \(geteuid()) \(word)"
            }
            if access(step, W_OK) != 0 || status.st_mode & 0o022 != 0 { return "chmod u+rwx,go-w \(word)" }
        }
        return "export \(variable)=\"$(mktemp -d)\""
    }

    /// The name below `step` on the way to `folder`.
    private func nextName(_ step: String, _ folder: String) -> String {
        String(folder.dropFirst(step == "/" ? 1 : step.count + 1).prefix { $0 != "/" })
    }

    // MARK: Profiles

    private func check(lock store: TokenStore, of profile: Profile) -> [Finding] {
        // A request that another process makes just now is given time to finish.
        switch store.lockState(Deadline(in: 2000)) {
        case .free: return [.ok("\(profile.title): the lock is free")]
        case .none(let reason):
            return [
                .warn(
                    "\(profile.title): there are no locks in \(quoted(directories.state ?? "")) (\(reason)), so no"
                        + " refresh token is used; a local disk has them",
                    mend: "export XDG_STATE_HOME=…")
            ]
        case .held(let holders):
            let whom =
                holders.isEmpty
                ? "another process or machine, or its file system does not answer"
                : holders.map { "process \($0.process) (\($0.name))" }.joined(separator: ", ")
            let kill = holders.contains(where: \.isStopped) ? "kill -KILL" : "kill"
            return [
                .fail(
                    .temporaryFailure,
                    "\(profile.title): the lock is held by \(whom)",
                    mend: holders.isEmpty
                        ? nil : "\(kill) \(holders.map { "\($0.process)" }.joined(separator: " "))")
            ]
        }
    }

    private func check(token store: TokenStore, of profile: Profile) -> [Finding] {
        var findings: [Finding] = []
        let now = context.clock.now()
        if let token = store.token() {
            let expires = profile.tokenUse == .idToken ? token.idTokenExpires ?? token.expires : token.expires
            let left = expires - now
            findings.append(
                .ok(
                    left > 0
                        ? "\(profile.title): a token is stored, good for \(spoken(left))"
                        : "\(profile.title): the stored token ended \(spoken(-left)) ago"))
        } else {
            findings.append(.ok("\(profile.title): no token is stored"))
        }
        if let failure = store.failures().failure {
            let until =
                failure.until > now ? "; asked again in \(spoken(failure.until - now))" : ""
            findings.append(
                .warn(
                    "the last request failed \(spoken(now - failure.at)) ago: \(failure.error.message)\(until)",
                    mend: mend(failure.error, profile)))
        }
        return findings
    }

    /// The command that asks the provider again, whatever is remembered.
    func retry(_ profile: Profile) -> String {
        directories.commandLine("token --force-refresh", profile: profile.name) + " >/dev/null"
    }
}
