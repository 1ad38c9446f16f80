import TestSupport
import Testing

/// `integrations/go`: the go command with `GOAUTH`, and programs in Go.
@Suite struct GoTests {
    /// A module proxy with one module, reached by TLS, for those who have the token.
    private struct Proxy {
        let authority: CertificateAuthority
        let server: ScriptedServer
        let tls: TLSProxy

        init(refusal: Int = 401, accepting token: String) async throws {
            server = try ScriptedServer { request, _ in
                guard request.header("Authorization") == "Bearer \(token)" else {
                    return .http("no", status: refusal)
                }
                return request.path.hasSuffix("/list")
                    ? .http("v1.0.0\n")
                    : request.path.hasSuffix(".mod")
                        ? .http("module example.com/demo\n")
                        : .json(#"{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}"#)
            }
            authority = try await CertificateAuthority()
            tls = try await TLSProxy(try await authority.issue(), before: server)
        }

        var authorizations: [String] { server.requests.map { $0.header("Authorization") ?? "" } }
    }

    private func listVersions(_ account: Account, _ proxy: Proxy) async throws -> Program.Outcome {
        let go = try await requireGo()
        let home = account.helper.home
        try home.write("module/go.mod", "module demo\n")
        var environment = goEnvironment(home.folder("go"))
        environment["GOPROXY"] = proxy.tls.url
        environment["GOAUTH"] = "butlr-credential go"
        environment["SSL_CERT_FILE"] = proxy.authority.certificateFile
        var program = account.program(go, ["list", "-x", "-m", "-versions", "example.com/demo"], environment)
        program.workingDirectory = home.path("module")
        return try await program.run()
    }

    @Test(.clients("openssl", "python3")) func goSendsTheToken() async throws {
        let proxy = try await Proxy(accepting: "token-1")
        let account = try Account(for: [proxy.tls.url])
        let result = try await listVersions(account, proxy)
        #expect(result.output == "example.com/demo v1.0.0\n", "\(result)")
        // From the first request on.
        #expect(Set(proxy.authorizations) == ["Bearer token-1"])
        #expect(account.logins == 1)
    }

    @Test(.clients("openssl", "python3")) func goGetsANewTokenOnceTheOldOneIsRefused() async throws {
        let proxy = try await Proxy(accepting: "token-2")
        let account = try Account(for: [proxy.tls.url])
        let result = try await listVersions(account, proxy)
        #expect(result.output == "example.com/demo v1.0.0\n", "\(result)")
        #expect(proxy.authorizations.first == "Bearer token-1")
        #expect(account.logins == 2)
    }

    @Test(.clients("openssl", "python3")) func goGetsANewTokenOnceTheOldOneIsOver() async throws {
        let proxy = try await Proxy(accepting: "token-2")
        let account = try Account(for: [proxy.tls.url], lifetime: 0)
        let first = try await account.helper.run("token")
        #expect(first.output == "token-1\n", "\(first)")
        let result = try await listVersions(account, proxy)
        #expect(result.output == "example.com/demo v1.0.0\n", "\(result)")
        #expect(Set(proxy.authorizations) == ["Bearer token-2"])
    }

    /// A path is only known to the second call; the token is none the worse for the 401 before.
    @Test(.clients("openssl", "python3")) func goSendsTheTokenBelowAPath() async throws {
        let proxy = try await Proxy(accepting: "token-1")
        let account = try Account(for: [proxy.tls.url + "/example.com/"])
        let result = try await listVersions(account, proxy)
        #expect(result.output == "example.com/demo v1.0.0\n", "\(result)")
        #expect(Set(proxy.authorizations) == ["", "Bearer token-1"])
        #expect(account.logins == 1)
    }

    @Test(.clients("openssl", "python3"), arguments: [403, 404])
    func goKeepsATokenThatIsNotAtFault(_ status: Int) async throws {
        let proxy = try await Proxy(refusal: status, accepting: "none")
        let account = try Account(for: [proxy.tls.url])
        let result = try await listVersions(account, proxy)
        #expect(result.status != 0)
        #expect(Set(proxy.authorizations) == ["Bearer token-1"], "\(result)")
        #expect(account.logins == 1)
    }

    @Test(.clients("openssl", "python3")) func goGetsNothingForAForeignServer() async throws {
        let proxy = try await Proxy(accepting: "token-1")
        let account = try Account(for: ["https://other.example/"])
        let result = try await listVersions(account, proxy)
        #expect(result.status != 0)
        #expect(Set(proxy.authorizations) == [""], "\(result)")
    }

    /// One test for all that a program does, because Go compiles its HTTP library for each.
    @Test func programsInGo() async throws {
        let go = try await requireGo()
        let foreign = try ScriptedServer { _, _ in .http("no", status: 401) }
        let api = try ScriptedServer { request, _ in
            switch request.path {
            case "/v1/away": .http(status: 307, headers: [("Location", "\(foreign.url)/landing")])
            case "/v1/never", "/v1/stream": .http("no", status: 401)
            default:
                request.header("Authorization") == "Bearer token-2"
                    ? .http("welcome") : .http("no", status: 401)
            }
        }
        let account = try Account(for: [api.url, foreign.url])
        let home = account.helper.home
        let log = home.path("calls")
        let helper = try home.writeScript(
            "bin/counted", "#!/bin/sh\necho call >> '\(log)'\nexec '\(account.helper.executable)' \"$@\"\n")
        try home.write("program/go.mod", "module demo\n\ngo 1.20\n")
        try home.write("program/main.go", driver)
        try home.write(
            "program/butlrcredential/butlrcredential.go",
            try Folder("/").readBytes(integration("go/butlrcredential.go")))

        let environment = goEnvironment(home.folder("go"))
        var program = account.program(go, ["run", ".", api.url, foreign.url, helper], environment)
        program.workingDirectory = home.path("program")
        program.timeLimit = .seconds(600)
        let result = try await program.run()
        #expect(
            result.output == """
                waiting: context canceled
                32 goroutines: [token-1]
                POST /v1/things: 200
                stream: 401
                never: 401
                away: 401
                foreign: 401
                sideways: 401
                own header: 401
                token of profile default (redacted) token of profile default (redacted)
                error: no-profile false
                error: helper false
                done

                """, "\(result)")
        #expect(api.authorizations("/v1/things") == ["Bearer token-1", "Bearer token-2"])
        #expect(api.requests.filter { $0.path == "/v1/things" }.map(\.text) == ["body", "body"])
        #expect(api.requests.filter { $0.path == "/v1/stream" }.map(\.text) == ["only once"])
        #expect(api.authorizations("/v1/never").count == 2)
        #expect(api.authorizations("/v10") == [""])
        #expect(api.authorizations("/v1/own") == ["Basic own"])
        #expect(foreign.requests.count == 2)
        #expect(foreign.requests.allSatisfy { $0.header("Authorization") == nil })
        // At first, after the 401 of "things", after that of "never", and for the source that no profile serves.
        #expect(try home.read("calls") == "call\ncall\ncall\ncall\n")

        // The documented call, with what has been compiled.
        let sandbox = try SandboxAccount()
        var example = sandbox.helper.client(go, ["run", "./example"], environment: environment)
        example.workingDirectory = integration("go")
        example.timeLimit = .seconds(600)
        let answer = try await example.run()
        #expect(answer.output.contains("client_sandbox"), "\(answer)")
        var vet = account.program(go, ["vet", "./..."], environment)
        vet.workingDirectory = integration("go")
        let complaints = try await vet.run()
        #expect(complaints.status == 0, "\(complaints)")
    }
}

private let driver = #"""
    package main

    import (
    	"context"
    	"errors"
    	"fmt"
    	"io"
    	"net/http"
    	"os"
    	"sort"
    	"strings"
    	"sync"

    	"demo/butlrcredential"
    )

    func check(err error) {
    	if err != nil {
    		fmt.Println(err)
    		os.Exit(1)
    	}
    }

    func main() {
    	api, foreign, helper := os.Args[1], os.Args[2], os.Args[3]
    	source, err := butlrcredential.NewSource(api + "/v1/")
    	check(err)
    	source.Helper = helper

    	ended, end := context.WithCancel(context.Background())
    	end()
    	_, err = source.Token(ended)
    	fmt.Println("waiting:", err)

    	var group sync.WaitGroup
    	var lock sync.Mutex
    	seen := map[string]bool{}
    	for i := 0; i < 32; i++ {
    		group.Add(1)
    		go func() {
    			defer group.Done()
    			token, err := source.Token(context.Background())
    			check(err)
    			lock.Lock()
    			seen[token.Value] = true
    			lock.Unlock()
    		}()
    	}
    	group.Wait()
    	var tokens []string
    	for token := range seen {
    		tokens = append(tokens, token)
    	}
    	sort.Strings(tokens)
    	fmt.Println("32 goroutines:", tokens)

    	client := &http.Client{Transport: &butlrcredential.Transport{Source: source}}
    	send := func(name, method, url string, body io.Reader, own string) {
    		request, err := http.NewRequest(method, url, body)
    		check(err)
    		if own != "" {
    			request.Header.Set("Authorization", own)
    		}
    		before := len(request.Header)
    		response, err := client.Do(request)
    		check(err)
    		if len(request.Header) != before {
    			check(errors.New("the request was changed"))
    		}
    		_, err = io.ReadAll(response.Body)
    		check(err)
    		check(response.Body.Close())
    		fmt.Printf("%s: %d\n", name, response.StatusCode)
    	}
    	// A body without GetBody is sent once.
    	once := io.MultiReader(strings.NewReader("only "), strings.NewReader("once"))
    	send("POST /v1/things", "POST", api+"/v1/things", strings.NewReader("body"), "")
    	send("stream", "POST", api+"/v1/stream", once, "")
    	send("never", "GET", api+"/v1/never", nil, "")
    	send("away", "GET", api+"/v1/away", nil, "")
    	send("foreign", "GET", foreign+"/v1/direct", nil, "")
    	send("sideways", "GET", api+"/v10", nil, "")
    	send("own header", "GET", api+"/v1/own", nil, "Basic own")

    	token, err := source.Token(context.Background())
    	check(err)
    	fmt.Printf("%+v %#v\n", token, token)

    	for _, helper := range []string{helper, "/no/such/helper"} {
    		other, err := butlrcredential.NewSource("http://127.0.0.1:1/")
    		check(err)
    		other.Helper = helper
    		_, err = (&http.Client{Transport: &butlrcredential.Transport{Source: other}}).Get("http://127.0.0.1:1/")
    		var failure *butlrcredential.Error
    		if !errors.As(err, &failure) {
    			check(fmt.Errorf("another error: %v", err))
    		}
    		fmt.Println("error:", failure.Code, failure.Retryable)
    	}
    	fmt.Println("done")
    }
    """#
