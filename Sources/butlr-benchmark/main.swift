import Sandbox

exit(benchmark(Array(CommandLine.arguments.dropFirst())))
