import Commands
import Platform

// A caller that has gone away must not kill the helper while it keeps a token.
signal(SIGPIPE, SIG_IGN)
occupyClosedStandardStreams()

let reply = Program.run(CommandLine.arguments, .process)
if !reply.errors.isEmpty { writeToStandardError(reply.errors) }
do {
    try writeAll(STDOUT_FILENO, Array(reply.output.utf8))
} catch {
    exit(HelperError.Code.ioError.exitStatus)
}
exit(reply.status)
