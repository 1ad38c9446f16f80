import Sandbox

/// Another helper on this machine, answering from what it keeps.
struct Peer {
    let name: String
    /// What it does, where that is less than the helper's own answer.
    var remark = ""
    let call: Call
}

/// The other helpers that are there and have something to answer with.
struct Peers {
    private(set) var found: [Peer] = []
    /// The names of the others, and why they are not measured.
    private(set) var missing: [(name: String, reason: String)] = []
    private let driver: Driver
    private let home: Household

    init(_ home: Household, _ driver: Driver) {
        self.driver = driver
        self.home = home
        let search = PeerSearch(home: home, driver: driver)
        for (name, find) in search.all {
            do {
                let peer = try find()
                _ = try driver.run(peer.call)
                found.append(peer)
            } catch {
                missing.append((name, "\(error)"))
            }
        }
    }

    /// The one that all are compared with.
    var gitStore: Peer? { found.first { $0.name == "git-credential-store get" } }

    /// Ends what was started for them.
    func end() {
        for peer in found where peer.name == "git-credential-cache get" {
            _ = try? driver.run(try home.program([peer.call.words[0], "exit"]))
        }
    }
}

/// Looks for the other helpers and gives each something to answer with.
private struct PeerSearch {
    let home: Household
    let driver: Driver

    private static let question = "protocol=https\nhost=git.example.com\n\n"
    private static let secret = "protocol=https\nhost=git.example.com\nusername=ada\npassword=a-token\n\n"

    var all: [(name: String, find: () throws -> Peer)] {
        [
            ("git-credential-store", gitStore), ("git-credential-cache", gitCache),
            ("docker-credential-pass", pass), ("git-credential-oauth", gitOAuth), ("oidc-token", oidcToken),
            ("aws", aws), ("gcloud", gcloud),
        ]
    }

    private func installed(_ name: String) throws -> String {
        guard let program = findProgram(name) else { throw Trouble("not installed") }
        return program
    }

    /// The path of one of git's own programs.
    private func gitProgram(_ name: String) throws -> String {
        let run = try driver.run(try home.program([try installed("git"), "--exec-path"]))
        let program = String(decoding: run.output.dropLast(), as: UTF8.self) + "/" + name
        guard access(program, X_OK) == 0 else { throw Trouble("not installed") }
        return program
    }

    private func gitStore() throws -> Peer {
        let program = try gitProgram("git-credential-store")
        try home.write("https://ada:a-token@git.example.com\n", to: ".git-credentials")
        return Peer(
            name: "git-credential-store get",
            call: try home.program([program, "get"], input: PeerSearch.question))
    }

    private func gitCache() throws -> Peer {
        let program = try gitProgram("git-credential-cache")
        _ = try driver.run(try home.program([program, "store"], input: PeerSearch.secret))
        return Peer(
            name: "git-credential-cache get",
            call: try home.program([program, "get"], input: PeerSearch.question))
    }

    private func pass() throws -> Peer {
        let program = try installed("docker-credential-pass")
        let (pass, gpg) = (try installed("pass"), try installed("gpg"))
        try home.makeFolder(".gnupg")
        _ = try driver.run(
            try home.program([
                gpg, "--batch", "--passphrase", "", "--quick-generate-key", "benchmark", "default", "default",
                "never",
            ]))
        _ = try driver.run(try home.program([pass, "init", "benchmark"]))
        _ = try driver.run(
            try home.program(
                [program, "store"],
                input:
                    "{\"ServerURL\":\"https://git.example.com\",\"Username\":\"ada\",\"Secret\":\"a-token\"}")
        )
        return Peer(
            name: "docker-credential-pass get",
            call: try home.program([program, "get"], input: "https://git.example.com"))
    }

    private func gitOAuth() throws -> Peer {
        let program = try installed("git-credential-oauth")
        return Peer(
            name: "git-credential-oauth get", remark: "only its start: it keeps nothing itself",
            call: try home.program([program, "get"], input: "protocol=https\nhost=nowhere.invalid\n\n"))
    }

    private func oidcToken() throws -> Peer {
        Peer(
            name: "oidc-token", remark: "only its start: an account needs a provider",
            call: try home.program([try installed("oidc-token"), "--version"]))
    }

    private func aws() throws -> Peer {
        var call = try home.program(
            [try installed("aws"), "configure", "export-credentials", "--format", "process"])
        call.environment += ["AWS_ACCESS_KEY_ID=a-key", "AWS_SECRET_ACCESS_KEY=a-secret"]
        return Peer(name: "aws configure export-credentials", call: call)
    }

    private func gcloud() throws -> Peer {
        let file = try home.write("a-token", to: "gcloud-token")
        var call = try home.program([try installed("gcloud"), "auth", "print-access-token"])
        call.environment += ["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=\(file)"]
        return Peer(name: "gcloud auth print-access-token", call: call)
    }
}
