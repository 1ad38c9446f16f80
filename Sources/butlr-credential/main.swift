import Commands
import Platform

hideMemory()
if hasBorrowedRights {
    let error = HelperError(
        .usage,
        "this program must not have rights that its caller does not have (setuid, setgid or capabilities)",
        hint: "take them from the file: chmod ug-s FILE; setcap -r FILE")
    writeToStandardError(error.text)
    exit(error.code.exitStatus)
}

// A caller that has gone away must not kill the helper while it keeps a token.
surviveBrokenPipes()
occupyClosedStandardStreams()

let reply = Program.run(CommandLine.arguments, .process)
if !reply.errors.isEmpty { writeToStandardError(reply.errors) }
do {
    try writeAll(STDOUT_FILENO, Array(reply.output.utf8))
} catch {
    exit(HelperError.Code.ioError.exitStatus)
}
exit(reply.status)
