/// A test file beside a policy: what is tried and what has to come of it.
public struct PolicyTestFile: Sendable {
    /// Seconds since 1970 when a case begins.
    public var clockSeconds: Int64
    public var tokens: [TestToken]
    public var credentials = TestCredentialSet()
    public var cases: [PolicyTestCase]
    /// The policy it is tried with: the real one, with the file's tenants where it has some.
    public var policy: GatewayPolicy
}

/// A credential that is made for a test.
public struct TestToken: Sendable {
    public enum Kind: Sendable {
        /// - Parameter claims: one JSON object without the claims that follow from the issuer.
        case issuer(Int, claims: [UInt8])
        case vendor(Int)
    }

    public var name: String
    public var kind: Kind
    public var ttlSeconds: Int64
    public var type: String?
    public var isForged: Bool
}

public struct PolicyTestCase: Sendable {
    public var name: String
    public var mark: SourceMark
    public var afterMilliseconds: UInt32
    public var repeats: Int
    public var everyMilliseconds: UInt32
    public var request: TestRequest
    public var expectation: TestExpectation
}

public struct TestRequest: Sendable {
    public var method: String
    public var url: String
    /// Index into `PolicyTestFile.tokens`.
    public var token: Int?
    /// Indices into the lists of `PolicyTestFile.credentials`.
    public var key: Int?
    public var session: Int?
    public var certificate: Int?
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]
    public var from: String
}

/// What is not said is not looked at.
public struct TestExpectation: Sendable {
    public enum Decision: String, Sendable { case forward, refuse, answer }

    /// One thing that is expected, with the place to point at.
    public struct Item<Value: Sendable>: Sendable {
        public var value: Value
        public var mark: SourceMark

        public init(value: Value, mark: SourceMark) {
            self.value = value
            self.mark = mark
        }
    }

    public var decision: Item<Decision>?
    public var status: Item<UInt16>?
    public var code: Item<String>?
    public var route: Item<String>?
    public var tenant: Item<String>?
    public var upstream: Item<String>?
    public var headers: [Item<(name: String, value: String)>] = []
    public var sentMethod: Item<String>?
    public var sentPath: Item<String>?
    public var sentQuery: Item<String>?
    public var sentHeaders: [Item<(name: String, value: String)>] = []
    public var sentWithout: [Item<String>] = []
    public var sentBody: Item<String>?
    /// A JSON document.
    public var sentJSON: Item<[UInt8]>?
}
