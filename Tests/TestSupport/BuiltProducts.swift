import Foundation

/// What the build put beside the tests.
public enum BuiltProducts {
    /// The path of a built program such as `ringfence-gateway`.
    public static func path(_ name: String) throws -> String {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let candidates = CommandLine.arguments.filter { $0.contains(".xctest") } + [link ?? ""]
        for candidate in candidates {
            var folder = URL(fileURLWithPath: candidate)
            // The bundle may be a file or, with another launcher, a folder around it.
            while folder.pathComponents.count > 1 {
                folder.deleteLastPathComponent()
                let program = folder.appendingPathComponent(name).path
                if FileManager.default.isExecutableFile(atPath: program) { return program }
            }
        }
        throw TestSupportError.productMissing(name)
    }
}

public enum TestSupportError: Error, Equatable {
    case productMissing(String)
    case timedOut(String)
    case socket(String, Int32)
    case closedEarly(String)
    case malformedResponse(String)
}
