/// One thing that is wrong, or worth knowing.
public struct Finding: Hashable, Sendable {
    public let rule: Rule
    public let severity: Severity
    /// What it is about, such as `policy tenant_rows on shop.orders`.
    public let object: String
    /// The relation whose verdict it decides, as `schema.name`; `nil` when all are concerned.
    public let relation: String?
    /// One sentence for the operator.
    public let message: String
    /// SQL that shows it, to be run as the deployed login.
    public var reproducer: String?
    /// SQL that takes it away, to be run by the owner or by whom a comment in it names.
    public var fix: String?
    /// SHA-256 (hex) of the text that was judged: a policy's condition, a function's body. A waiver
    /// that names it is void when the text changes.
    public var pin: String?
    /// The accepted risk, when there is one that applies.
    public var waiver: Waiver?

    public init(
        _ rule: Rule, _ severity: Severity, object: String, relation: String? = nil,
        _ message: String, reproducer: String? = nil, fix: String? = nil, pin: String? = nil
    ) {
        self.rule = rule
        self.severity = severity
        self.object = object
        self.relation = relation
        self.message = message
        self.reproducer = reproducer
        self.fix = fix
        self.pin = pin
    }

    /// What waivers and code scanners know it by: rule and object, no text that may be reworded.
    public var key: String { "\(rule.rawValue) \(object)" }

    /// Whether the verdict has to heed it.
    public var counts: Bool { waiver == nil && severity > .notice }
}

/// A risk somebody accepted: until when, why, and who.
public struct Waiver: Hashable, Sendable {
    public let reason: String
    public let owner: String
    /// `YYYY-MM-DD`; the whole day, in UTC.
    public let expires: String

    public init(reason: String, owner: String, expires: String) {
        self.reason = reason
        self.owner = owner
        self.expires = expires
    }
}
