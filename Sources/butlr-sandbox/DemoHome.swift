import Sandbox

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A temporary home folder with the helper on its path and a config for the sandbox.
struct DemoHome: Sendable {
    let path: String
    /// `NAME=value` each: nothing of the user's own settings.
    let environment: [String]

    /// - Throws: when the system gives no temporary folder or has no room in it.
    init(helper: String, sandbox baseURL: String) throws(DemoError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        var template = Array("\(parent.hasPrefix("/") ? parent : "/tmp")/butlr-demo.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw DemoError("cannot make a temporary folder") }
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        self.path = path
        let tlsURL = "https" + baseURL.dropFirst("http".count)

        var environment = [
            "HOME=\(path)", "PATH=\(path)/bin:\(searchPath())", "LC_ALL=C", "TMPDIR=\(path)",
            "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1", "KUBECONFIG=\(path)/.kube/config",
            "KUBERNETES_EXEC_INFO=\(execInfo(server: tlsURL))",
        ]
        for name in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
        }
        self.environment = environment

        do throws(DemoError) {
            let config = "\(path)/.config/butlr-credential"
            for folder in ["bin", ".kube", ".config", ".config/butlr-credential"] {
                try makeFolder("\(path)/\(folder)")
            }
            for name in ["butlr-credential", "git-credential-butlr"] {
                guard symlink(helper, "\(path)/bin/\(name)") == 0 else {
                    throw DemoError("cannot write to \(path)")
                }
            }
            try write(demoConfig(baseURL: baseURL, tlsURL: tlsURL), to: "\(config)/config")
            try write("sandbox-secret\n", to: "\(config)/client-secret")
            try write("sandbox-secrte\n", to: "\(config)/mistyped-secret")
            try write(kubeconfig(server: tlsURL), to: "\(path)/.kube/config")
        } catch {
            remove()
            throw error
        }
    }

    /// What the helper answered kubectl; `nil` when it was not called.
    func kubernetesAnswer() -> String? {
        guard let data = FileManager.default.contents(atPath: "\(path)/.kube/answer"), !data.isEmpty else {
            return nil
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Removes the folder and all that is in it. May be called twice.
    func remove() {
        // A process that was just killed may yet finish writing a file.
        for _ in 0..<50 {
            try? FileManager.default.removeItem(atPath: path)
            if access(path, F_OK) != 0 { return }
            usleep(10_000)
        }
    }
}

/// Why the demo cannot begin.
struct DemoError: Error, CustomStringConvertible {
    let description: String

    /// - Parameter what: what failed; the reason is taken from `errno`.
    init(_ what: String) { description = "\(what): \(String(cString: strerror(errno)))" }
}

private func makeFolder(_ path: String) throws(DemoError) {
    guard mkdir(path, 0o700) == 0 else { throw DemoError("cannot make \(path)") }
}

private func write(_ text: String, to path: String) throws(DemoError) {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw DemoError("cannot make \(path)") }
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard write(file, bytes, bytes.count) == bytes.count else { throw DemoError("cannot write \(path)") }
}

private func demoConfig(baseURL: String, tlsURL: String) -> String {
    // By another name, because a URL that two profiles list belongs to neither.
    let otherName = baseURL.split(separator: ":").last.map { "http://localhost:\($0)" } ?? baseURL
    return """
        [profile "default"]
            base-url      = \(baseURL)
            client-id     = client_sandbox
            client-secret = file:client-secret
            url           = https://git.example.com/
            url           = \(tlsURL)/
        [profile "mistyped"]
            base-url      = \(otherName)
            client-id     = client_sandbox
            client-secret = file:mistyped-secret
        [profile "other"]
            provider       = oauth2
            token-endpoint = \(baseURL)/oauth/token
            client-id      = client_sandbox
            client-secret  = file:client-secret

        """
}

/// Keeps a copy of the plugin's answer, which kubectl itself never shows.
private func kubeconfig(server: String) -> String {
    """
    apiVersion: v1
    kind: Config
    clusters:
    - name: sandbox
      cluster:
        server: \(server)
    users:
    - name: butlr
      user:
        exec:
          apiVersion: client.authentication.k8s.io/v1
          command: /bin/sh
          args: ["-c", "butlr-credential kubernetes | tee ~/.kube/answer"]
          interactiveMode: Never
          provideClusterInfo: true
    contexts:
    - name: sandbox
      context:
        cluster: sandbox
        user: butlr
    current-context: sandbox

    """
}

/// What kubectl puts into the environment, for where there is no kubectl.
private func execInfo(server: String) -> String {
    #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","#
        + #""spec":{"interactive":false,"cluster":{"server":"\#(server)"}}}"#
}
