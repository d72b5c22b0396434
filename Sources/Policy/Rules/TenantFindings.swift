/// Names of the tenant a client sent in one carrier.
public struct TenantFindings: Equatable, Sendable {
    public var count = 0
    /// Those of them whose value is not the verified tenant, however it was written.
    public var different = 0

    public init(count: Int = 0, different: Int = 0) {
        self.count = count
        self.different = different
    }

    mutating func add(isSame: Bool) {
        count += 1
        if !isSame { different += 1 }
    }
}
