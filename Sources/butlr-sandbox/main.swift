import Sandbox

let commands = [
    Command(
        name: "demo", summary: "show what butlr-credential does for the tools that call it", run: demo),
    Command(
        name: "serve", summary: "emulate Butlr's login endpoints on 127.0.0.1 until interrupted",
        run: serve),
]

exit(run(Array(CommandLine.arguments.dropFirst()), commands))
