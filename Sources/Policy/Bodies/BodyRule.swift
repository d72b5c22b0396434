public import HTTP1
import JSON

/// What cleaning one body did.
public struct BodyReport: Equatable, Sendable {
    /// Members, fields and parts taken out because they name a tenant.
    public var removed = 0
    /// Those of them that name another tenant than the verified one.
    public var different = 0
    /// `_method` of forms, parts and documents that were taken out (attack U5).
    public var overridesRemoved = 0
    /// Whether the bytes to send differ from those that came.
    public var isChanged = false

    public init(removed: Int = 0, isChanged: Bool = false) {
        self.removed = removed
        self.isChanged = isChanged
    }

    mutating func add(isSame: Bool) {
        removed += 1
        if !isSame { different += 1 }
    }
}

/// Reused memory of body cleaning, one for each worker.
public struct BodyScratch: ~Copyable {
    /// What a worker keeps from body to body at most; more is given back at once. It is what dense
    /// bodies of 1 MiB need: taken anew, each page of it costs as much as reading 200 bytes.
    public static let bytesKept = 4 << 20

    var document = JSONDocument()
    /// Where a body is cut and mended, in ascending order.
    var edits: [BodyEdit] = []
    /// A key as it is meant.
    var name: [UInt8] = []
    /// Keys that need not be judged again.
    var cleanNames = CleanNames()

    public init() {}

    /// Bytes held.
    public var bytes: Int {
        document.scratchBytes + edits.capacity * MemoryLayout<BodyEdit>.stride + name.capacity
    }

    /// Takes what the next body may need in one piece each: grown step by step it would be up to
    /// three times as much.
    public mutating func reserve(_ room: BodyRoom) {
        guard room.isLarge else { return }
        document.reserve(values: room.values)
        edits.reserveCapacity(room.keys + 1)
    }

    /// Gives back what an unusually large body took.
    mutating func settle() {
        edits.removeAll(keepingCapacity: true)
        guard bytes > Self.bytesKept else { return }
        document.release()
        edits = []
        name = []
    }
}

/// Bytes of a body to leave out, and perhaps ours in their place. Small: a dense body has many.
struct BodyEdit: BitwiseCopyable, Equatable {
    /// How the tenant is put into a JSON object.
    struct Injection: BitwiseCopyable, Equatable {
        private let token: UInt8
        /// Whether a member stays behind it.
        var isFollowed: Bool

        /// - Parameter firstToken: the first token of the pointer that is not there yet; pointers
        ///   are 64 bytes at most.
        init(firstToken: Int, isFollowed: Bool) {
            token = UInt8(clamping: firstToken)
            self.isFollowed = isFollowed
        }

        var firstToken: Int { Int(token) }
    }

    private let first, last: UInt32
    var injection: Injection?

    /// Bodies are 16 MiB at most.
    init(start: Int, end: Int, injection: Injection? = nil) {
        first = UInt32(clamping: start)
        last = UInt32(clamping: end)
        self.injection = injection
    }

    var start: Int { Int(first) }
    var end: Int { Int(last) }
}

/// Cleans the bodies of one route: a body is understood completely, or refused. Every spelling of
/// the tenant goes; what is left keeps its bytes.
public final class BodyRule: Sendable {
    private let json: JSONBodyRule
    private let form: FormBodyRule
    private let multipart: MultipartBodyRule
    /// `nil` where the route takes no GraphQL.
    private let graphQL: GraphQLRule?

    init(
        names: SkeletonSet, clientValue: RoutePolicy.ClientValue, inject: BodyInjection,
        graphQL: GraphQLRule? = nil
    ) {
        self.graphQL = graphQL
        json = JSONBodyRule(
            names: names, clientValue: clientValue, inject: inject.pointer, graphQL: graphQL)
        form = FormBodyRule(
            names: names, clientValue: clientValue, inject: inject.formField, json: json)
        multipart = MultipartBodyRule(
            json: json.withoutInjection, names: names, clientValue: clientValue,
            inject: inject.formField)
    }

    /// Bytes that injection adds to one document at most.
    static let injectedBytesMax = 1_024

    /// Bytes that `bytes` may grow by: the tenant is put into every line that is a document.
    public func growthMax(of bytes: Span<UInt8>, as type: ContentType) -> Int {
        if type.form == .urlEncoded {
            return Self.injectedBytesMax + form.growthFactor * bytes.count
        }
        guard type.form == .jsonLines, json.growthMax > 0 else { return Self.injectedBytesMax }
        var lines = 1
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") { lines += 1 }
        // More lines than are taken are refused while they are read.
        return Self.injectedBytesMax + min(lines, JSONBodyRule.linesMax + 1) * json.growthMax
    }

    /// Appends the body to send to `out`, which has room for `bytes` and `growthMax` more. Where
    /// the report says that nothing changes the body goes on as it came; `out` may then be without
    /// it.
    ///
    /// - Parameters:
    ///   - type: read from `typeText`, the client's `Content-Type`.
    ///   - bytes: the whole body, without any content coding.
    ///   - tenant: the verified one; `nil` where the request acts for none.
    /// - Throws: `request.body.type` for a type that is not understood, `request.body.malformed`,
    ///   `request.body.too_large` where a bound other than bytes is passed, `tenant.conflict`.
    ///   `out` may then hold part of it.
    public func clean(
        _ bytes: Span<UInt8>, as type: ContentType, _ typeText: Span<UInt8>, tenant: ExternalID?,
        _ scratch: inout BodyScratch, into out: inout ByteBuffer
    ) throws(Refusal) -> BodyReport {
        var report = BodyReport()
        try clean(bytes, as: type, typeText, tenant: tenant, &scratch, into: &out, &report)
        return report
    }

    /// The same; a refusal leaves in `report` what was found before it.
    func clean(
        _ bytes: Span<UInt8>, as type: ContentType, _ typeText: Span<UInt8>, tenant: ExternalID?,
        _ scratch: inout BodyScratch, into out: inout ByteBuffer, _ report: inout BodyReport
    ) throws(Refusal) {
        defer { scratch.settle() }
        switch type.form {
        case .json, .jsonPatch, .jsonLines:
            try json.clean(
                bytes, as: type.form, tenant: tenant, isWhole: true, &scratch, into: &out,
                &report)
        case .urlEncoded: try form.clean(bytes, tenant: tenant, into: &out, &report)
        case .multipart:
            guard let boundary = type.boundary else { throw .requestBodyType }
            try multipart.clean(
                bytes, boundary: typeText[boundary], tenant: tenant, &scratch, into: &out, &report)
        case .graphQL:
            guard let graphQL else { throw .requestBodyType }
            guard out.freeCapacityMax >= bytes.count else { throw .requestBodyTooLarge }
            try graphQL.check(bytes)
            out.append(bytes)
        case .other: throw .requestBodyType
        }
    }

    /// Whether the route takes bodies of this type.
    public func takes(_ type: ContentType) -> Bool {
        switch type.form {
        case .json, .jsonPatch, .jsonLines, .urlEncoded, .multipart: true
        case .graphQL: graphQL != nil
        case .other: false
        }
    }
}

/// Where a route puts the tenant into bodies.
struct BodyInjection: Sendable {
    /// A JSON Pointer (RFC 6901), checked by the compiler.
    var pointer: String?
    var formField: String?
}
