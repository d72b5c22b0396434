import HTTP1
import Policy
import Postgres
import Reactor
import Telemetry

/// What one request came to: one line of the log. It has no place for a token, a payload or a
/// client's own words.
struct Observation: Sendable {
    var requestID: String?
    var tenant: String?
    var vendor: String?
    var isVendorScope = false
    var endpoint = Endpoint.none
    var method = KnownMethod.other
    var refusal: Refusal?
    var status: UInt16 = 0
    /// Which check of an assertion, or of the transport, failed.
    var defect: StaticString?
    var fault: DatabaseFault?
    var cleaned = 0
    var bytesIn = 0
    var bytesOut = 0
    var waitNanoseconds: UInt64?
    var databaseNanoseconds: UInt64?
    var totalNanoseconds: UInt64 = 0
}

/// One JSON line a request, written by the thread that answers it.
struct AccessLog: ~Copyable {
    private var log: AppendLog

    /// - Parameter target: shared by all threads; each opens it for itself.
    init(_ target: AppendLog.Target) throws(FileFault) {
        let log = try AppendLog(target)
        self.log = log
    }

    /// Lines lost so far.
    var droppedLines: UInt64 { log.droppedLines }

    mutating func write(_ seen: Observation, now: WallClock) {
        guard log.makeRoom(for: LogLine.bytesMax) else { return }
        _ = LogLine.append(to: &log.lines) { line in
            line.time("time", unixMilliseconds: now.milliseconds)
            line.code("event", "request")
            if let id = seen.requestID { line.text("request_id", id) }
            if let tenant = seen.tenant { line.text("tenant", tenant) }
            if let vendor = seen.vendor {
                line.text("vendor", vendor)
                line.code("scope", seen.isVendorScope ? "vendor" : "tenant")
            }
            line.code("method", seen.method == .other ? "-" : seen.method.name)
            line.code("route", seen.endpoint.template)
            line.integer("status", Int64(seen.status))
            if let refusal = seen.refusal { line.code("code", refusal.code) }
            if let defect = seen.defect { line.code("defect", defect) }
            if let fault = seen.fault { Self.write(fault, to: &line) }
            if seen.cleaned > 0 { line.integer("cleaned", seen.cleaned) }
            line.integer("bytes_in", seen.bytesIn)
            line.integer("bytes_out", seen.bytesOut)
            if let time = seen.waitNanoseconds { line.duration("queue_ms", nanoseconds: time) }
            if let time = seen.databaseNanoseconds {
                line.duration("database_ms", nanoseconds: time)
            }
            line.duration("total_ms", nanoseconds: seen.totalNanoseconds)
        }
        log.flush()
    }

    private static func write(_ fault: DatabaseFault, to line: inout LogLine) {
        line.text("fault", "\(fault.kind)")
        if let statement = fault.statement { line.text("statement", statement) }
        if let constraint = fault.constraint { line.text("constraint", constraint) }
        line.text("outcome", "\(fault.outcome)")
    }
}
