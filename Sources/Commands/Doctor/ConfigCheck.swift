import Platform
import Profiles

extension Patient {
    /// The config files: which there are, which are read, and what is wrong in them.
    func checkConfig() -> [Finding] {
        var findings: [Finding] = []
        for path in directories.configFiles {
            let isRead = configuration?.files.contains(path) ?? false
            if isRead {
                findings.append(.ok("\(quoted(path)) is read"))
            } else if access(path, F_OK) != 0, configFailure == nil {
                findings.append(.ok("\(quoted(path)) is not there"))
            }
        }
        if let failure = configFailure { return findings + [finding(failure)] }
        guard let configuration else { return findings }
        for path in configuration.files { findings += checkWay(to: absolutePath(path)) }
        if configuration.isEmpty {
            let half = context.environment.missingHalfOfPair.map { "\($0), and " } ?? ""
            return findings + [
                .fail(
                    .config, half + "no profile is configured",
                    mend: directories.commandLine("login", profile: broker.profileName))
            ]
        }
        let errors = configuration.check()
        for error in errors { findings.append(finding(error)) }
        if let name = broker.profileName, !configuration.profileNames.contains(name) {
            do throws(HelperError) { _ = try configuration.profile(named: name) } catch {
                findings.append(finding(error))
            }
        } else if errors.isEmpty {
            let names = configuration.profileNames.map { quoted($0) }.joined(separator: ", ")
            findings.append(.ok("profiles: \(names)"))
        }
        for (name, place, winner) in configuration.hidden {
            findings.append(
                .ok("profile \"\(quoted(name))\" is that of \(winner), not that of \(place)"))
        }
        return findings + checkTies()
    }

    /// Where two profiles list a URL, a caller has to name one; git does so once it is told which.
    private func checkTies() -> [Finding] {
        let hasGit = findProgram("git", path: context.environment["PATH"]) != nil
        return profiles.ties.map { tie in
            if hasGit, let name = GitSetup.profile(for: tie.url, site) {
                return .ok(
                    "\(listing(tie)): git takes \"\(quoted(name))\", others are to name one (BUTLR_PROFILE)")
            }
            return .warn(
                "\(listing(tie)), so a caller that names none of them gets no token",
                mend: hasGit
                    ? directories.commandLine("setup git", profile: tie.names[0])
                    : "export BUTLR_PROFILE=\(shellWord(tie.names[0]))")
        }
    }

    private func finding(_ error: HelperError) -> Finding {
        .fail(error.code, error.message, mend: error.hint)
    }

    /// Who else may change what lies on the way to a file.
    func checkWay(to path: String) -> [Finding] {
        for step in steps(to: path) {
            var status = stat()
            guard stat(step, &status) == 0 else { return [] }
            if !status.isOwn, status.st_uid != 0 {
                return [
                    .warn(
                        "\(quoted(step)) belongs to another user, who could change what is below it",
                        mend: "\(asRoot)chown \(geteuid()) \(shellWord(step))")
                ]
            }
            if status.st_mode & 0o022 != 0, status.st_mode & mode_t(S_ISVTX) == 0 {
                return [
                    .warn("others may change \(quoted(step))", mend: "chmod go-w \(shellWord(step))")
                ]
            }
        }
        return []
    }

    /// Every folder on the way to a path, from the root on, and the path itself.
    func steps(to path: String) -> [String] {
        let parent = folder(of: path)
        return (parent == path || parent == "." ? [] : steps(to: parent)) + [path]
    }

    /// What a command that changes an owner begins with.
    var asRoot: String { geteuid() == 0 ? "" : "sudo " }
}
