import TestSupport
import Testing

@testable import Commands

@Suite struct HelpTests {
    @Test func listsEveryCommandIn80Columns() async throws {
        let result = try await Helper().run("help")
        #expect(
            result.output == """
                Usage: butlr-credential [OPTION]... COMMAND [ARGUMENT]...

                Hands a fresh OAuth 2.0 access token to the program that asks for one.

                Typed by people:
                  login           make a profile or change its secret, after trying it
                  logout          forget a profile's tokens, and the secrets that login kept
                  status          show each profile: whose, how long its token lives, what went
                                  wrong
                  setup           write a tool's own config, so that it calls the helper
                  doctor          say what is wrong, and the command that mends it
                  completion      print a shell's completion script
                  help [COMMAND]  explain the commands, or one
                  version         print the version

                Called by tools:
                  get         answer a JSON request on standard input (the native protocol;
                              Bazel)
                  token       print a token, for scripts and tools that run a command
                  exec        run a command with the token in its environment
                  git         answer git as a credential helper
                  kubernetes  answer kubectl as an exec credential plugin
                  docker      answer docker, podman, buildah and skopeo as a credential helper
                  cargo       answer cargo as a credential provider
                  terraform   answer Terraform and OpenTofu as a credentials helper
                  gcloud      answer gcloud and Google's libraries as an executable credential
                              source
                  pip         answer pip and uv in place of the keyring command
                  go          answer the go tool as a GOAUTH command
                  askpass     answer git's and wget's prompts for a user name and password

                Options, before or after the command:
                  --profile NAME  the profile to use (BUTLR_PROFILE)
                  --config FILE   the config file to read (BUTLR_CONFIG)
                  --verbose       say on standard error what is done (BUTLR_LOG=debug)
                  --no-input      never ask a person for anything (BUTLR_NO_INPUT)

                """)
        #expect(result.status == 0)
    }

    @Test func explainsACommand() async throws {
        let result = try await Helper().run("logout", "--help")
        #expect(
            result.output == """
                Usage: butlr-credential logout [OPTION]...

                Forget a profile's tokens, and the secrets that login kept.

                Removes the stored access and refresh tokens, the memory of failures, and the
                files in which login has kept secrets. The profile itself stays in the config
                file, so that the next login asks for little; secrets that are kept elsewhere
                stay too, and are named.

                A token that a tool was given before stays valid until it ends: only its
                provider could revoke it.

                Options:
                  --all  every profile's, also of profiles that are not defined any more

                """)
    }

    @Test func explainsWhichToolsItSetsUp() async throws {
        let result = try await Helper().run("help", "setup")
        #expect(
            result.output == """
                Usage: butlr-credential setup [OPTION]... TOOL

                Write a tool's own config, so that it calls the helper.

                TOOL is one of: git, kubectl, docker, containers, cargo, terraform, bazel, pip,
                go, gcloud, rclone.

                The tool then asks for the URLs that the profiles list, or that the one named
                with --profile does. The change is shown before it is made, other helpers stay,
                and --undo brings the file back byte for byte or, where it has been changed
                since, takes only the helper out.

                Options:
                  --print  show the change, and change nothing
                  --undo   take the change back

                """)
    }

    @Test(arguments: [40, 80, 200]) func fitsTheWindow(_ width: Int) async throws {
        let helper = try Helper(environment: ["COLUMNS": "\(width)", "NO_COLOR": "1"])
        for command in [nil] + Program.commands.map({ $0.name }) {
            let result = try await helper.program(["help"] + (command.map { [$0] } ?? [])).run()
            #expect(result.status == 0)
            for line in result.output.split(separator: "\n")
            where !line.contains("Usage:") && !line.contains("   or: ") {
                #expect(line.count <= width || line.split(separator: " ").count <= 3, "\(line)")
            }
            #expect(!result.output.contains("\u{1B}"))
        }
    }
}
