import TestSupport
import Testing

@Suite(.clients("rclone")) struct RcloneTests {
    @Test func runsTheCommandForTheServer() async throws {
        let setup = try Setup()
        for _ in 1...2 {
            let result = try await setup.list()
            #expect(result.status == 0, "\(result)")
            #expect(result.output == "report.txt\n")
        }
        #expect(setup.realm.logins == 1)
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try Setup(lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.list() }
    }

    /// rclone runs the command again after the server's 401, without saying why.
    @Test func replacesARefusedTokenWhereToldTo() async throws {
        let setup = try Setup(command: "token --force-refresh", unaccepted: 1)
        let result = try await setup.list()
        #expect(result.status == 0, "\(result)")
        #expect(setup.realm.logins == 2)
        let plain = try Setup(unaccepted: 1)
        #expect(try await plain.list().status != 0)
        #expect(plain.realm.logins == 1)
    }

    @Test func sendsNothingToAForeignServer() async throws {
        let setup = try Setup()
        try setup.helper.config(setup.realm.profile(urls: ["https://dav.example.com/"]))
        let result = try await setup.list()
        #expect(result.status == 1)
        #expect(result.errors.contains("no profile lists"), "\(result)")
        #expect(setup.realm.shown == [])
        #expect(setup.realm.logins == 0)
    }

    private struct Setup {
        let helper: Helper
        let realm: Realm

        init(lifetime: Int = 3600, command: String = "token", unaccepted: Int = 0) throws {
            realm = try Realm(lifetime: lifetime, unaccepted: unaccepted) { _ in
                .http(
                    multistatus, status: 207, headers: [("Content-Type", "application/xml")])
            }
            helper = try Helper()
            try helper.install(as: "butlr-credential")
            try helper.config(realm.profile(urls: ["\(realm.url)/files/"]))
            let config = try Integration.text(
                "rclone/rclone.conf",
                [
                    "https://dav.example.com": realm.url,
                    "butlr-credential token": "butlr-credential \(command)",
                ])
            try helper.home.write(".config/rclone/rclone.conf", config)
        }

        func list() async throws -> Program.Outcome {
            let commands = try Integration.commands("rclone/README.md")
            return try await helper.client(
                "sh", ["-c", commands[0]],
                environment: ["RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "3"]
            ).run()
        }
    }
}

/// A folder with one file, as WebDAV lists it (RFC 4918 §9.1).
private let multistatus = """
    <?xml version="1.0"?>
    <d:multistatus xmlns:d="DAV:">
    <d:response><d:href>/files/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype>
    </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
    <d:response><d:href>/files/report.txt</d:href><d:propstat><d:prop><d:resourcetype/>
    <d:getcontentlength>3</d:getcontentlength><d:getlastmodified>Mon, 23 Nov 2026 10:00:00 GMT</d:getlastmodified>
    </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
    </d:multistatus>
    """
