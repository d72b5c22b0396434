import HTTP1
import HTTPTransport
import JSON
import Policy

/// What a request is answered with.
struct Answer: Sendable {
    var status: UInt16
    var body: [UInt8] = []
    /// `nil` when the request was carried out.
    var refusal: Refusal?
    /// The tenant whose transaction made this answer, as the database named it; for an answer
    /// without a transaction, which holds nobody's data, the tenant that asked.
    var tenant: String?
    var allowed: [KnownMethod] = []

    init(status: UInt16, tenant: String? = nil, _ write: (inout JSONWriter) -> Void) {
        self.status = status
        self.tenant = tenant
        var writer = JSONWriter(capacity: 512)
        write(&writer)
        body = writer.bytes
    }

    /// Nothing more to say.
    init(status: UInt16) { self.status = status }

    /// A problem (RFC 9457).
    init(_ rejection: Rejection, requestID: String, tenant: String? = nil) {
        status = rejection.refusal.status
        refusal = rejection.refusal
        allowed = rejection.allowed
        self.tenant = tenant
        var problem = ByteBuffer(capacityMax: ProblemBody.bytesMax)
        ProblemBody.write(rejection.refusal, requestID: requestID.utf8Span.span, into: &problem)
        body = problem.bytes
        if let detail = rejection.detail {
            body.removeLast()
            body.append(contentsOf: ",\"detail\":".utf8)
            JSONWriter.append(to: &body) { $0.string(detail) }
            body.append(UInt8(ascii: "}"))
        }
    }

    /// Seconds after which a 503 may have passed.
    static let retryAfterSeconds: StaticString = "1"
    /// The gateway compares it with the tenant it forwarded the request for (`echo: required`).
    static let tenantField: StaticString = "Ringfence-Tenant"

    var reply: ServiceReply {
        var fields: [(name: StaticString, value: [UInt8])] = []
        func add(_ name: StaticString, _ value: StaticString) {
            fields.append((name, Array(value.description.utf8)))
        }
        add("Content-Type", refusal == nil ? "application/json" : ProblemBody.contentType)
        // A shared cache between us and the tenant would be somebody else's copy of its rows.
        add("Cache-Control", "no-store")
        if let tenant { fields.append((Self.tenantField, Array(tenant.utf8))) }
        switch status {
        case 401: add("WWW-Authenticate", "Ringfence-Assertion")
        case 405:
            let names = allowed.map { $0.name.description }.joined(separator: ", ")
            fields.append(("Allow", Array(names.utf8)))
        case 503: add("Retry-After", Self.retryAfterSeconds)
        default: break
        }
        return ServiceReply(status: status, fields: fields, body: body)
    }
}

extension Rejection {
    /// What the transport noticed before there was a request.
    init(_ defect: ServiceDefect) {
        switch defect {
        case .bodyTooLarge: self.init(.requestBodyTooLarge)
        case .timeout: self.init(.requestTimeout)
        case .replyOverdue: self.init(.databaseTimeout)
        case .draining: self.init(Refusal.draining)
        case .violation(let violation): self.init(Self.refusal(of: violation))
        }
    }

    private static func refusal(of violation: HTTPViolation) -> Refusal {
        switch violation.status {
        case 414: return .requestTargetTooLong
        case 417: return .requestExpectation
        case 431: return .requestHeadTooLarge
        case 505: return .requestVersion
        default: break
        }
        let code = violation.code.description
        let families: [(String, Refusal)] = [
            ("request.framing.coding_unsupported", .requestTransferEncoding),
            ("request.framing.", .requestFraming), ("request.chunk.", .requestFraming),
            ("request.host.", .requestHost), ("request.target.", .requestTarget),
            ("request.method.too_long", .requestMethodUnknown),
            ("request.proxy_protocol", .requestProxyProtocol),
        ]
        return families.first { code.hasPrefix($0.0) }?.1 ?? .requestMalformed
    }
}
