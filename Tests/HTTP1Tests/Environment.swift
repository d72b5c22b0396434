import Foundation

func seedFromEnvironment() -> UInt64? {
    ProcessInfo.processInfo.environment["RINGFENCE_SEED"].flatMap { UInt64($0) }
}
