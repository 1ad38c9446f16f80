import Platform
import TestSupport

/// A container registry with one image, `team/image:latest`, of no layers (OCI distribution, Docker's schema 2).
struct Registry: Sendable {
    private let config =
        #"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]},"history":[]}"#
    private let manifestType = "application/vnd.docker.distribution.manifest.v2+json"

    private var manifest: String {
        """
        {"schemaVersion":2,"mediaType":"\(manifestType)",\
        "config":{"mediaType":"application/vnd.docker.container.image.v1+json",\
        "size":\(config.utf8.count),"digest":"\(digest(config))"},"layers":[]}
        """
    }

    func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Reply {
        switch request.path {
        case "/v2/": .json("{}", headers: [("Docker-Distribution-Api-Version", "registry/2.0")])
        case "/v2/team/image/tags/list": .json(#"{"name":"team/image","tags":["latest"]}"#)
        case "/v2/team/image/manifests/latest", "/v2/team/image/manifests/\(digest(manifest))":
            blob(manifest, type: manifestType, request)
        case "/v2/team/image/blobs/\(digest(config))":
            blob(config, type: "application/octet-stream", request)
        default: .json("{}", status: 404)
        }
    }

    private func blob(
        _ text: String, type: String, _ request: ScriptedServer.Request
    ) -> ScriptedServer.Reply {
        .http(
            request.method == "HEAD" ? "" : text,
            headers: [
                ("Content-Type", type), ("Content-Length", String(text.utf8.count)),
                ("Docker-Content-Digest", digest(text)),
            ])
    }

    private func digest(_ text: String) -> String { "sha256:" + hexadecimal(sha256(Array(text.utf8))) }
}

/// An account at a registry by TLS, and the helper where docker, skopeo and their like look for it.
struct RegistryAccount {
    let helper: Helper
    let realm: Realm
    private let proxy: TLSProxy
    private let authority: CertificateAuthority

    /// The registry's name.
    var registry: String { "127.0.0.1:\(proxy.port)" }

    /// - Parameter lifetime: of its tokens, in seconds.
    init(lifetime: Int = 3600) async throws {
        realm = try Realm(
            .basic(user: "oauth2accesstoken"), lifetime: lifetime, resource: Registry().answer)
        authority = try await CertificateAuthority()
        proxy = try await TLSProxy(try await authority.issue(), before: realm.server)
        helper = try Helper()
        try helper.install(as: "docker-credential-butlr")
        try helper.config(realm.profile(urls: ["https://\(registry)/"]))
    }
}
