import Sandbox

let commands = [
    Command(
        name: "serve", summary: "emulate Butlr's login endpoints on 127.0.0.1 until interrupted",
        run: serve)
]

exit(run(Array(CommandLine.arguments.dropFirst()), commands))
