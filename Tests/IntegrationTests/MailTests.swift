import TestSupport
import Testing

@Suite(.clients("python3")) struct MailTests {
    @Test(.clients("msmtp")) func msmtpSends() async throws {
        let setup = try await Setup()
        try setup.writeMsmtpConfig()
        for _ in 1...2 {
            let result = try await setup.msmtp()
            #expect(result.status == 0, "\(result)")
        }
        #expect(
            try await setup.server.end() == [
                "OAUTHBEARER accepted", "message kept", "OAUTHBEARER accepted", "message kept",
            ])
        #expect(setup.realm.logins == 1)
    }

    @Test(.clients("msmtp")) func msmtpRenewsAfterExpiry() async throws {
        let setup = try await Setup(lifetime: 1)
        try setup.writeMsmtpConfig()
        try await setup.realm.expectRenewal { try await setup.msmtp() }
    }

    @Test(.clients("msmtp")) func msmtpStopsWithoutAToken() async throws {
        let setup = try await Setup()
        try setup.writeMsmtpConfig()
        try setup.helper.config(setup.realm.profile("other"))
        let result = try await setup.msmtp()
        #expect(result.status != 0)
        #expect(result.errors.contains("there is no profile \"mail\""), "\(result)")
        #expect(try await setup.server.end() == [])
    }

    @Test(.clients("mbsync")) func mbsyncFetches() async throws {
        let setup = try await Setup(lifetime: 1)
        let config = try Integration.text(
            "mail/mbsyncrc",
            [
                "Host imap.example.com": "Host 127.0.0.1\nPort \(setup.server.imapPort)",
                "SSLType IMAPS": "SSLType None",
            ])
        try setup.helper.home.write(".mbsyncrc", config)
        try setup.helper.home.makeFolder("Mail/INBOX")
        let trial = try await setup.helper.client("mbsync", ["-l", "work"]).run()
        if trial.errors.contains("SASL mechanism(s) not available") {
            try Test.cancel("needs a SASL plugin for XOAUTH2")
        }
        try await setup.realm.expectRenewal { try await setup.helper.client("mbsync", ["work"]).run() }
        let log = try await setup.server.end()
        #expect(log.contains("XOAUTH2 accepted"))
        #expect(!log.contains("XOAUTH2 refused"))
    }

    @Test(.clients("mutt")) func muttSends() async throws {
        let setup = try await Setup(lifetime: 1)
        let config = try Integration.text(
            "mail/muttrc", ["smtp.example.com:587": "127.0.0.1:\(setup.server.smtpPort)"])
        // It is not to keep a copy at the IMAP server, and there is no TLS here.
        try setup.helper.home.write(".muttrc", config + "set copy = no\nset ssl_force_tls = no\n")
        try await setup.realm.expectRenewal {
            try await setup.helper.client(
                "mutt", ["-s", "greetings", "bob@example.com"], environment: ["TERM": "dumb"]
            ).run(input: "hello\n")
        }
        #expect(
            try await setup.server.end() == [
                "OAUTHBEARER accepted", "message kept", "OAUTHBEARER accepted", "message kept",
            ])
    }

    private struct Setup {
        let helper: Helper
        let realm: Realm
        let server: MailServer

        init(lifetime: Int = 3600) async throws {
            realm = try Realm(lifetime: lifetime)
            server = try await MailServer(tokens: realm)
            helper = try Helper()
            try helper.install(as: "butlr-credential")
            try helper.config(realm.profile("mail", urls: []))
        }

        func writeMsmtpConfig() throws {
            let config = try Integration.text(
                "mail/msmtprc",
                [
                    "smtp.example.com": "127.0.0.1", "port 587": "port \(server.smtpPort)",
                    "tls on": "tls off",
                ])
            try helper.home.write(".msmtprc", config)
        }

        func msmtp() async throws -> Program.Outcome {
            try await helper.client("msmtp", ["bob@example.com"])
                .run(input: "Subject: greetings\n\nhello\n")
        }
    }
}
