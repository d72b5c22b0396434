import HTTP1
import HTTPTransport
import JSON
import Policy
import Tokens

/// Reads what a vouched request asks for: route, scope, then input, each refused for itself.
/// Scratch memory with one owner, the front.
struct RequestReader: ~Copyable {
    /// An object of `payloadBytesMax` and everything around it.
    static let bodyBytesMax = InputRule.payloadBytesMax + 65_536
    private static let limits = JSONLimits(bytesMax: bodyBytesMax)
    /// Above this the scanner's memory is given back after the request.
    private static let scratchBytesKept = 1 << 20

    private var document = JSONDocument()
    var credentials: CredentialDigester
    private let tenantNames = SkeletonSet(names: TenantNames.defaults)
    /// Client spellings of the tenant dropped from the last request.
    private(set) var dropped = 0

    /// - Parameter pepper: what API keys are digested with; `nil` where none are made.
    init(pepper: [UInt8]?) throws(KeyDefect) {
        credentials = try CredentialDigester(pepper: pepper)
    }

    mutating func read(
        _ request: ServiceRequest, _ route: Route, for caller: Caller
    ) throws(Rejection) -> Operation {
        dropped = 0
        try route.require(request.method)
        switch (route.endpoint, request.method, caller) {
        case (.tenants, .post, .vendor(let vendor)):
            return .createTenant(vendor, try newTenant(request))
        case (.tenants, _, .vendor(let vendor)):
            return .listTenants(vendor, try query(request, []).page())
        case (.tenant, .patch, .vendor(let vendor)):
            return .changeTenant(vendor, Self.externalID(route), try tenantChange(request))
        case (.tenant, .delete, .vendor(let vendor)):
            try requireNoParameters(request)
            return .deleteTenant(vendor, Self.externalID(route))
        case (.tenant, _, .vendor(let vendor)):
            try requireNoParameters(request)
            return .readTenant(vendor, Self.externalID(route))
        case (.keys, .post, .vendor(let vendor)):
            return .createKey(vendor, Self.externalID(route), try newKey(request))
        case (.keys, _, .vendor(let vendor)):
            try requireNoParameters(request)
            return .listKeys(vendor, Self.externalID(route))
        case (.key, _, .vendor(let vendor)):
            try requireNoParameters(request)
            let id = APIKeyID(route.item.span)?.text ?? ""
            return .revokeKey(vendor, Self.externalID(route), id: id)
        case (.revocations, _, .vendor(let vendor)):
            return .revokeTokens(vendor, Self.externalID(route), try tokenRevocation(request))
        case (.events, .post, .vendor(let vendor)):
            let (event, tenant) = try eventForTenant(request)
            return .publishFor(vendor, tenant, event)
        case (.events, .post, .tenant(let tenant)):
            return .publish(tenant, try newEvent(request))
        case (.events, _, .tenant(let tenant)):
            let query = try query(request, ["topic"], cleans: true)
            let topic = query["topic"]
            if let topic, !InputRule.topic(topic) { throw .field("topic", InputRule.topicRule) }
            return .listEvents(tenant, topic: topic, try query.page())
        case (.event, _, .tenant(let tenant)):
            try requireNoParameters(request, cleans: true)
            let id = InputRule.uuid(route.name) ?? "00000000-0000-0000-0000-000000000000"
            return .readEvent(tenant, id: id)
        case (.tenants, _, .tenant), (.tenant, _, .tenant), (.keys, _, .tenant),
            (.key, _, .tenant), (.revocations, _, .tenant):
            throw Rejection(.scopeRequired, "this endpoint needs a vendor credential")
        case (.events, _, .vendor), (.event, _, .vendor):
            throw Rejection(.scopeRequired, "this endpoint needs a tenant's credential")
        case (.none, _, _): throw Rejection(.routeNotFound)
        }
    }

    /// A name that no tenant can have finds none, like one that none happens to have.
    private static func externalID(_ route: Route) -> ExternalID? {
        ExternalID(route.name.span, format: .opaque)
    }

    // MARK: Parameters

    private mutating func query(
        _ request: ServiceRequest, _ names: [String], cleans: Bool = false
    ) throws(Rejection) -> QueryInput {
        guard request.body.isEmpty else {
            throw Rejection(.inputInvalid, "this request takes no body")
        }
        let query = try QueryInput(
            request.query, names: ["limit", "cursor"] + names,
            cleaning: cleans ? tenantNames : nil)
        dropped += query.dropped
        return query
    }

    private mutating func requireNoParameters(
        _ request: ServiceRequest, cleans: Bool = false
    ) throws(Rejection) {
        guard request.body.isEmpty else {
            throw Rejection(.inputInvalid, "this request takes no body")
        }
        try requireNoQuery(request, cleans: cleans)
    }

    mutating func requireNoQuery(
        _ request: ServiceRequest, cleans: Bool
    ) throws(Rejection) {
        let query = try QueryInput(
            request.query, names: [], cleaning: cleans ? tenantNames : nil)
        dropped += query.dropped
    }

    // MARK: Bodies

    private mutating func newTenant(_ request: ServiceRequest) throws(Rejection) -> NewTenant {
        try requireNoQuery(request, cleans: false)
        return try withObject(request) { input, _ throws(Rejection) in
            _ = try input.requireOnly(["external_id", "name", "tier", "limits"])
            return NewTenant(
                externalID: try input.externalID("external_id"),
                name: try input.string("name", InputRule.nameRule, InputRule.name),
                tier: try input.word("tier", of: Tier.self),
                requestsPerMinute: try Self.limit(input) ?? nil)
        }
    }

    private mutating func tenantChange(
        _ request: ServiceRequest
    ) throws(Rejection) -> TenantChange {
        try requireNoQuery(request, cleans: false)
        return try withObject(request) { input, _ throws(Rejection) in
            _ = try input.requireOnly(["name", "tier", "limits", "state", "domains", "features"])
            var change = TenantChange()
            if input.has("name") {
                change.name = try input.string("name", InputRule.nameRule, InputRule.name)
            }
            if input.has("tier") { change.tier = try input.word("tier", of: Tier.self) }
            if input.has("state") { change.state = try input.word("state", of: TenantState.self) }
            change.requestsPerMinute = try Self.limit(input)
            change.domains = try input.domains("domains")
            change.features = try input.names("features")
            guard !change.isEmpty else {
                throw Rejection(.inputInvalid, "nothing to change is named")
            }
            return change
        }
    }

    /// `"limits": {"requests": "2500/min"}`; `null` takes the tenant's own limit away.
    private static func limit(_ input: InputObject) throws(Rejection) -> UInt32?? {
        guard input.has("limits") else { return .none }
        if input.isNull("limits") { return .some(nil) }
        let limits = try input.object("limits")
        _ = try limits.requireOnly(["requests"])
        let text = try limits.string("requests")
        guard let value = InputRule.requestsPerMinute(text) else {
            throw .field("limits.requests", InputRule.limitRule)
        }
        return .some(value)
    }

    private mutating func newEvent(_ request: ServiceRequest) throws(Rejection) -> NewEvent {
        try requireNoQuery(request, cleans: true)
        return try withObject(request, cleans: true) {
            input, names throws(Rejection) -> (NewEvent, Int) in
            let dropped = try input.requireOnly(["topic", "payload", "id"], cleaning: names)
            return (try Self.event(input), dropped)
        }
    }

    private mutating func eventForTenant(
        _ request: ServiceRequest
    ) throws(Rejection) -> (NewEvent, ExternalID) {
        try requireNoQuery(request, cleans: false)
        return try withObject(request) { input, _ throws(Rejection) in
            _ = try input.requireOnly(["topic", "payload", "id", "customerExternalId"])
            return (try Self.event(input), try input.externalID("customerExternalId"))
        }
    }

    private static func event(_ input: InputObject) throws(Rejection) -> NewEvent {
        NewEvent(
            topic: try input.string("topic", InputRule.topicRule, InputRule.topic),
            payload: try input.rawObject("payload", bytesMax: InputRule.payloadBytesMax),
            externalID: input.has("id")
                ? try input.string("id", InputRule.eventIDRule, InputRule.eventID) : nil)
    }

    /// Reads a body that must be one strict JSON object.
    mutating func withObject<Value>(
        _ request: ServiceRequest,
        _ body: (InputObject, SkeletonSet) throws(Rejection) -> Value
    ) throws(Rejection) -> Value {
        try MediaType.requireJSON(request)
        let bytes = request.body.span
        do throws(JSONDefect) {
            try document.parse(bytes, limits: Self.limits)
        } catch {
            throw Rejection(.inputMalformed, "\(error.kind.rawValue) at byte \(error.offset)")
        }
        defer { if document.scratchBytes > Self.scratchBytesKept { document.release() } }
        let view = document.view(of: bytes)
        return try body(try InputObject(view, view.root), tenantNames)
    }

    private mutating func withObject(
        _ request: ServiceRequest, cleans: Bool,
        _ body: (InputObject, SkeletonSet) throws(Rejection) -> (NewEvent, Int)
    ) throws(Rejection) -> NewEvent {
        let (event, count) = try withObject(request, body)
        dropped += count
        return event
    }
}

/// What a request says its body is (RFC 9110 §8.3).
enum MediaType {
    /// Takes `application/json`, alone or with `charset=utf-8`, once, and not compressed.
    static func requireJSON(_ request: ServiceRequest) throws(Rejection) {
        for field in request.fields where field.name.span.equalsIgnoringCase("Content-Encoding") {
            guard field.value.span.equalsIgnoringCase("identity") else {
                throw Rejection(.inputType, "send the body uncompressed")
            }
        }
        guard let value = request.only("Content-Type") else { throw Rejection(.inputType) }
        let text = String(decoding: value, as: UTF8.self).lowercased()
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " && $0 != "\t" } }
        guard parts[0] == "application/json", parts.count <= 2 else { throw Rejection(.inputType) }
        let isUTF8 =
            parts.count == 1 || parts[1] == "charset=utf-8"
            || parts[1] == "charset=\"utf-8\""
        guard isUTF8 else { throw Rejection(.inputType, "only UTF-8 is understood") }
    }
}
