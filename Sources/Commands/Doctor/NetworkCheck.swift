import HTTP
import Platform
import Profiles

extension Patient {
    /// What requests are made with: libcurl, proxies, certificates.
    func checkNetwork() -> [Finding] {
        var findings: [Finding] = []
        do throws(HTTPFailure) {
            findings.append(.ok("\(quoted(try HTTPClient.libraryVersion()))"))
        } catch {
            if case .unusable(let reason) = error {
                findings.append(.fail(.config, quoted(reason), mend: installCurl))
            }
        }
        let variables = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"]
        let proxies = variables.compactMap { name in
            context.environment.nonEmpty(name).map { "\(name)=\(quoted(withoutUserinfo($0)))" }
        }
        findings.append(
            .ok(proxies.isEmpty ? "no proxy in the environment" : proxies.joined(separator: ", ")))
        for profile in profiles {
            if let proxy = profile.proxy {
                let shown = proxy.isEmpty ? "none" : quoted(withoutUserinfo(proxy))
                findings.append(.ok("\(profile.title): proxy: \(shown)"))
            }
            if let file = profile.caFile { findings.append(check(file, of: profile)) }
        }
        if profiles.allSatisfy({ $0.caFile == nil }) {
            findings.append(.ok("certificates: those that libcurl trusts"))
        }
        return findings
    }

    private func check(_ file: String, of profile: Profile) -> Finding {
        let mend = set("ca-file", of: profile, to: nil) ?? "unset BUTLR_CA_FILE"
        do throws(SystemError) {
            let bytes = try FileDescriptor(opening: file, O_RDONLY | O_NONBLOCK).readToEnd(limit: 16 << 20)
            guard
                bytes.holds(Array("-----BEGIN CERTIFICATE-----".utf8))
                    || bytes.holds(Array("-----BEGIN TRUSTED CERTIFICATE-----".utf8))
            else {
                return .fail(
                    .config, "\(profile.title): there is no certificate in the ca-file \(quoted(file))",
                    mend: mend)
            }
        } catch {
            return .fail(
                .config, "\(profile.title): the ca-file \(quoted(file)) cannot be read: \(error)", mend: mend
            )
        }
        return .ok("\(profile.title): certificates: \(quoted(file))")
    }

    private var installCurl: String? {
        let managers = [
            ("apt-get", "apt-get install libcurl4"), ("dnf", "dnf install libcurl"),
            ("apk", "apk add libcurl"), ("pacman", "pacman -S curl"), ("zypper", "zypper install libcurl4"),
        ]
        let search = context.environment["PATH"]
        return managers.first { findProgram($0.0, path: search) != nil }.map { asRoot + $0.1 }
    }

    /// A URL without the user name and password that a proxy's may have.
    private func withoutUserinfo(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@") else { return url }
        let rest = url[url.index(after: at)...]
        guard let slashes = url.utf8.offset(of: Array("://".utf8)) else { return String(rest) }
        return String(url.prefix(slashes + 3)) + rest
    }
}
