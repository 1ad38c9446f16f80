import TestSupport

/// Mail servers on 127.0.0.1 that know how to log a user in with a token, and little else: SMTP (RFC 4954) and
/// IMAP (RFC 9051), with OAUTHBEARER (RFC 7628) and XOAUTH2. They are a child, `python3`.
final class MailServer: Sendable {
    let smtpPort: UInt16
    let imapPort: UInt16
    private let child: RunningProgram

    /// - Parameter tokens: the realm whose server says whether a token is valid.
    init(tokens: Realm) async throws {
        var program = Program(
            "python3", ["-c", script, tokens.url], environment: .inherited("PATH", "HOME"))
        program.timeLimit = nil
        child = try program.start(input: .open)
        guard let smtp = try await child.readLine().flatMap({ UInt16($0) }),
            let imap = try await child.readLine().flatMap({ UInt16($0) })
        else { throw DidNotStart(outcome: try await child.wait()) }
        (smtpPort, imapPort) = (smtp, imap)
    }

    /// Ends the servers.
    ///
    /// - Returns: what became of each login and each message, a line each. What they said last may still be on its way
    ///   when their client has gone.
    func end() async throws -> [String] {
        child.closeInput()
        return try await child.wait().output.split(separator: "\n").dropFirst(2).map(String.init)
    }

    struct DidNotStart: Error {
        let outcome: Program.Outcome
    }
}

private let script = #"""
    import base64, os, socketserver, sys, threading, urllib.error, urllib.request

    def accepts(mechanism, response):
        text = base64.b64decode(response).decode()
        fields = text.split("\x01")
        user = "ada@example.com"
        known = {"OAUTHBEARER": "n,a=%s," % user, "XOAUTH2": "user=%s" % user}.get(mechanism.upper())
        bearer = [field for field in fields if field.startswith("auth=")]
        if fields[0] != known or len(bearer) != 1:
            return False
        request = urllib.request.Request(sys.argv[1], headers={"Authorization": bearer[0][len("auth="):]})
        try:
            urllib.request.urlopen(request).close()
            accepted = True
        except urllib.error.HTTPError:
            accepted = False
        print(mechanism.upper(), "accepted" if accepted else "refused", flush=True)
        return accepted

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(line.encode() + b"\r\n")

        def hear(self):
            return self.rfile.readline().decode().strip()

        def login(self, mechanism, response, ask, refusal):
            if response is None:
                self.say(ask)
                response = self.hear()
            if accepts(mechanism, response):
                return True
            self.say(ask + base64.b64encode(b'{"status":"401"}').decode())
            self.hear()
            self.say(refusal)
            return False

    class SMTP(Handler):
        def handle(self):
            self.say("220 mail ESMTP")
            while line := self.hear():
                words = line.split()
                verb = words[0].upper()
                if verb == "EHLO":
                    self.say("250-mail")
                    self.say("250 AUTH OAUTHBEARER XOAUTH2")
                elif verb == "AUTH":
                    response = words[2] if len(words) > 2 else None
                    if self.login(words[1], response, "334 ", "535 refused"):
                        self.say("235 welcome")
                elif verb == "DATA":
                    self.say("354 go on")
                    while self.hear() != ".":
                        pass
                    print("message kept", flush=True)
                    self.say("250 kept")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 fine")

    class IMAP(Handler):
        def handle(self):
            self.say("* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=OAUTHBEARER SASL-IR] mail")
            while line := self.hear():
                tag, verb, *words = line.split(" ")
                verb = verb.upper()
                if verb == "AUTHENTICATE":
                    response = words[1] if len(words) > 1 else None
                    if not self.login(words[0], response, "+ ", tag + " NO refused"):
                        continue
                elif verb == "CAPABILITY":
                    self.say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=OAUTHBEARER SASL-IR")
                elif verb in ("LIST", "LSUB"):
                    self.say('* %s (\\HasNoChildren) "/" INBOX' % verb)
                elif verb in ("SELECT", "EXAMINE"):
                    for answer in ("0 EXISTS", "0 RECENT", "OK [UIDVALIDITY 1] -", "OK [UIDNEXT 1] -"):
                        self.say("* " + answer)
                elif verb == "LOGOUT":
                    self.say("* BYE")
                self.say(tag + " OK done")
                if verb == "LOGOUT":
                    return

    for handler in (SMTP, IMAP):
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)
    """#
