// swift-tools-version: 6.1
import PackageDescription

// The helper is started hundreds of times by tools that wait for it, so it carries its standard library, leaves out
// what it does not use, and loads nothing at start but the C library: each library more costs a fifth of the time
// that a whole answer takes. The toolchain names the C++ library as a shared one; mapped to nothing, its archive
// serves instead. The functions that an answer from the store runs lie side by side (hit.order, which `.ci/hit order`
// writes), so that few pages of the program are touched.
let helper = Context.packageDirectory + "/Sources/butlr-credential/"
let smallAndQuick: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib"], .when(platforms: [.linux])),
    .unsafeFlags(
        ["-use-ld=lld", "-Xclang-linker", "-static-libgcc"]
            + [
                "--remap-inputs=*/libstdc++.so=/dev/null", "-l:libstdc++.a", "--no-export-dynamic",
                "--gc-sections", "-s", "-O2", "-z", "pack-relative-relocs", "-T", helper + "sections.ld",
                "--symbol-ordering-file", helper + "hit.order", "--no-warn-symbol-ordering",
            ].flatMap { ["-Xlinker", $0] },
        .when(platforms: [.linux], configuration: .release)),
]

// What the compiler does for it: no part of the library for regular expressions, which would be a sixth of the program;
// and types such as arrays of a struct are put together at run time from their parts, rather than looked up by names
// that must be taken apart.
let lean: [SwiftSetting] = [
    .unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"]),
    .unsafeFlags(
        ["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"],
        .when(configuration: .release)),
]

let package = Package(
    name: "butlr-credential",
    platforms: [.macOS(.v15)],
    targets: [
        .executableTarget(
            name: "butlr-credential", dependencies: ["Callers", "Commands", "CStartup"],
            exclude: ["sections.ld", "hit.order"], swiftSettings: lean, linkerSettings: smallAndQuick),
        .target(name: "Callers", dependencies: ["Broker"], swiftSettings: lean),
        .target(
            name: "Commands",
            dependencies: ["Callers", "Broker", "Profiles", "TokenStore", "OAuth", "HTTP", "Platform"],
            swiftSettings: lean),
        .target(name: "Broker", dependencies: ["Profiles", "TokenStore", "OAuth"], swiftSettings: lean),
        .target(name: "Profiles", dependencies: ["Platform"], swiftSettings: lean),
        .target(name: "TokenStore", dependencies: ["Platform"], swiftSettings: lean),
        .target(name: "OAuth", dependencies: ["HTTP"], swiftSettings: lean),
        .target(name: "HTTP", dependencies: ["CCurl", "Platform"], swiftSettings: lean),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: lean),
        .target(name: "CPlatform"),
        .target(name: "CStartup"),

        // Depends on the helper so that `swift run butlr-sandbox demo` builds what it demonstrates.
        .executableTarget(name: "butlr-sandbox", dependencies: ["Sandbox", "butlr-credential"]),
        .target(name: "Sandbox"),
        // Likewise: `swift run -c release butlr-benchmark`.
        .executableTarget(
            name: "butlr-benchmark", dependencies: ["Sandbox", "butlr-credential"], exclude: ["figures.svg"]),

        .testTarget(name: "BenchmarkTests", dependencies: ["butlr-benchmark"]),
        .testTarget(name: "SandboxTests", dependencies: ["Sandbox", "Platform", "butlr-sandbox"]),
        .testTarget(name: "ProfilesTests", dependencies: ["Profiles"]),
        .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"]),
        .testTarget(name: "CommandTests", dependencies: ["Commands", "Sandbox", "TestSupport"]),

        // What end-to-end tests run the built helper and real clients with. It does not depend on the helper:
        // `swift test` builds every executable anyway, and linking one into the test bundle would bring its
        // linker settings along.
        .target(name: "TestSupport", dependencies: ["CTestSupport"], path: "Tests/TestSupport"),
        .target(name: "CTestSupport", path: "Tests/CTestSupport"),
        .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"]),
        .testTarget(name: "BrokerTests", dependencies: ["TestSupport", "Sandbox", "Broker"]),
        .testTarget(name: "CallerTests", dependencies: ["TestSupport", "Platform", "Sandbox"]),
        .testTarget(name: "SecurityTests", dependencies: ["TestSupport", "Platform"]),
        .testTarget(name: "LibraryTests", dependencies: ["TestSupport", "Sandbox"]),

        // The fault report: `swift run butlr-faults`, explained in Tests/Faults/README.md.
        .executableTarget(
            name: "butlr-faults",
            dependencies: ["TestSupport", "CTestSupport", "Sandbox", "Platform", "butlr-credential"],
            path: "Tests/Faults", exclude: ["README.md"]),

        // The configs in `integrations`, with the real tools.
        .testTarget(name: "IntegrationTests", dependencies: ["TestSupport", "Platform"]),
        .testTarget(name: "SetupTests", dependencies: ["TestSupport", "Sandbox", "Platform"]),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzz targets, which `Tests/Fuzz/run` alone asks for: libFuzzer needs every module of theirs built for it.
if Context.environment["BUTLR_FUZZ"] != nil {
    package.targets += [
        .executableTarget(name: "butlr-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Main"),
        .target(
            name: "FuzzTargets",
            dependencies: ["Callers", "Broker", "Profiles", "TokenStore", "OAuth", "Platform"],
            path: "Tests/Fuzz/Targets"),
    ]
}
