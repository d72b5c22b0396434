import HTTP1
import HTTPTransport
import Policy
@_spi(TenantBinding) import Postgres
import Reactor
import Tokens

/// What a gateway asks the feed: for each of its vendors, what comes after what it has.
struct FeedQuestion: Sendable {
    /// Vendors of one gateway.
    static let vendorsMax = 256
    /// The longest a question is held.
    static let waitMillisecondsMax: UInt64 = 10_000

    struct Part: Sendable {
        let vendor: [UInt8]
        let scope: VendorScope
        let since: Int64
        let head: Int64
        let mark: FeedMark
    }

    let parts: [Part]
    let waitMilliseconds: UInt64

    /// Reads `wait=…&vendor=…&since=…&head=…&mark=…&vendor=…`, in this order.
    ///
    /// - Parameter seals: the seal of each vendor, in the same order, comma-separated; `nil` where
    ///   the request has none. In plain mode nobody looks at them.
    init(_ query: [UInt8]?, seals: [UInt8]?, context: ContextMode) throws(Rejection) {
        let pairs = (query ?? []).split(separator: UInt8(ascii: "&")).map { pair in
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            return (
                String(decoding: name, as: UTF8.self),
                Array(pair.dropFirst(name.count + 1))
            )
        }
        guard pairs.count >= 5, pairs.count % 4 == 1, pairs.count / 4 <= Self.vendorsMax,
            pairs[0].0 == "wait", let wait = Self.number(pairs[0].1)
        else { throw Rejection(.inputInvalid) }
        var given: [ArraySlice<UInt8>] = []
        if context != .plain {
            given = (seals ?? []).split(
                separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            guard given.count == pairs.count / 4 else { throw Rejection(.assertionSeal) }
        }
        var parts: [Part] = []
        for start in stride(from: 1, to: pairs.count, by: 4) {
            parts.append(
                try Self.part(
                    pairs[start..<start + 4], seal: context == .plain ? nil : given[start / 4]))
        }
        self.parts = parts
        waitMilliseconds = min(UInt64(wait), Self.waitMillisecondsMax)
    }

    private static func part(
        _ pairs: ArraySlice<(String, [UInt8])>, seal: ArraySlice<UInt8>?
    ) throws(Rejection) -> Part {
        let values = pairs.map(\.1)
        guard pairs.map(\.0) == ["vendor", "since", "head", "mark"], !values[0].isEmpty,
            values[0].count <= DirectoryBounds.nameBytesMax, values[3].count <= 64,
            let since = number(values[1]), let head = number(values[2]), head >= since,
            let id = AssertionDesk.vendorID(values[0]), let named = VendorScope(uuidText: id)
        else { throw Rejection(.inputInvalid) }
        return Part(
            vendor: values[0], scope: try scope(of: named, seal), since: since, head: head,
            mark: FeedMark(String(decoding: values[3], as: UTF8.self)))
    }

    private static func scope(
        of vendor: VendorScope, _ text: ArraySlice<UInt8>?
    ) throws(Rejection) -> VendorScope {
        guard let text else { return vendor }
        guard let seal = Seal(text), let scope = VendorScope(seal: seal), scope == vendor else {
            throw Rejection(.assertionSeal)
        }
        return scope
    }

    private static func number(_ digits: [UInt8]) -> Int64? {
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}

/// What a gateway hands back with the version it belongs to, as it was given: `MARK.BASE`.
struct FeedMark: Equatable, Sendable {
    /// Of that version; gateways of a database that was put back have others.
    let text: String
    /// The newest version when this gateway began at nothing: whatever was void by then, it never
    /// heard of as good. 0 in marks from before there was one.
    let base: Int64

    init(_ given: String) {
        let parts = given.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        text = parts.first.map(String.init) ?? ""
        base = parts.count > 1 ? max(Int64(parts[1]) ?? 0, 0) : 0
    }

    /// - Parameter mark: of the newest version; empty where there is none.
    static func written(_ mark: [UInt8], base: Int64) -> [UInt8] {
        mark.isEmpty ? [] : mark + Array(".\(base)".utf8)
    }
}

/// A question on its way to the thread that reads the feed.
struct FeedJob: Sendable {
    let key: SlotKey
    let question: FeedQuestion
    /// When it is answered at the latest.
    let until: Monotonic
}

/// The feed's listener, on a thread of its own: the door to every tenant's name, so it is a Unix
/// socket, or asks for a secret.
struct FeedDesk: ~Copyable {
    private var service: HTTPService
    /// What the vendors' seals come in.
    static let sealField: StaticString = "Ringfence-Seal"

    private let secret: [UInt8]?
    private let context: ContextMode
    private let queue: WorkQueue<FeedJob>

    /// Gateways that follow at once.
    static let connectionsMax = 256

    init(
        _ service: consuming HTTPService, secret: [UInt8]?, context: ContextMode,
        queue: WorkQueue<FeedJob>
    ) {
        self.service = service
        self.secret = secret
        self.context = context
        self.queue = queue
    }

    /// Serves until told to stop.
    mutating func run() {
        let (secret, context, queue) = (secret, context, queue)
        do throws(SystemFault) {
            try service.run(
                handle: { Self.answer($0, secret, context, queue) },
                refuse: { Answer(Rejection($0), requestID: FreshID.make()).reply })
        } catch {
            preconditionFailure("the feed's listener cannot poll: \(error)")
        }
    }

    private static func answer(
        _ request: ServiceRequest, _ secret: [UInt8]?, _ context: ContextMode,
        _ queue: WorkQueue<FeedJob>
    ) -> ServiceAnswer {
        do throws(Rejection) {
            try admit(request, secret)
            guard request.path.elementsEqual("/feed".utf8) else { throw Rejection(.routeNotFound) }
            guard request.method == .get, request.body.isEmpty else {
                var rejection = Rejection(.routeMethod)
                rejection.allowed = [.get]
                throw rejection
            }
            let question = try FeedQuestion(
                request.query, seals: request.only(sealField), context: context)
            let until = request.arrived.advanced(byMilliseconds: question.waitMilliseconds)
            let job = FeedJob(key: request.key, question: question, until: until)
            guard queue.post(job) else { throw Rejection(.databaseUnavailable) }
            return .later
        } catch {
            return .now(Answer(error, requestID: FreshID.make()).reply)
        }
    }

    private static func admit(
        _ request: ServiceRequest, _ secret: [UInt8]?
    ) throws(Rejection) {
        guard let secret else { return }
        let wanted = [UInt8]("Bearer ".utf8) + secret
        guard let given = request.only("Authorization"), given.count == wanted.count else {
            throw Rejection(.tokenInvalid)
        }
        // No early exit: the time says nothing about where two secrets differ.
        var difference: UInt8 = 0
        for index in wanted.indices { difference |= wanted[index] ^ given[index] }
        guard difference == 0 else { throw Rejection(.tokenInvalid) }
    }
}
