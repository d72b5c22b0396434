/// Reading values that the shape check has judged already: what does not fit is `nil` without a
/// word, and the policy is dropped because of the error that was noted.
extension PolicyNode {
    func milliseconds(_ key: String) -> UInt32? {
        self[key]?.text.flatMap(Quantity.milliseconds).flatMap { UInt32(exactly: $0) }
    }

    func seconds(_ key: String) -> Int64? {
        self[key]?.text.flatMap(Quantity.milliseconds).map { Int64($0 / 1_000) }
    }

    func bytes(_ key: String) -> Int? { self[key]?.text.flatMap(Quantity.bytes) }

    func integer(_ key: String) -> Int? { self[key]?.text.flatMap { Quantity.integer($0) } }

    func boolean(_ key: String) -> Bool? { self[key]?.text.map { $0 == "true" } }

    func word<Word: RawRepresentable>(_ key: String, as type: Word.Type) -> Word?
    where Word.RawValue == String {
        self[key]?.text.flatMap { Word(rawValue: $0) }
    }

    /// The texts of a list, or of one text in its place.
    func texts(_ key: String) -> [String]? {
        guard let node = self[key] else { return nil }
        if let text = node.text { return [text] }
        return node.items?.compactMap(\.text)
    }

    func rate(_ key: String) -> RateLimit? {
        guard let text = self[key]?.text else { return nil }
        if text == "unlimited" { return .unlimited }
        guard let count = Quantity.perMinute(text), count <= Int(RateLimit.perMinuteMax) else {
            return nil
        }
        return .perMinute(UInt32(count))
    }

    func secret(_ key: String, folder: String) -> SecretReference? {
        self[key].flatMap { SecretReference($0, folder: folder) }
    }

    func claim(_ key: String) -> ClaimName? {
        self[key]?["claim"]?.text.map { ClaimName($0) }
    }

    func listenAddress(_ key: String, folder: String) -> ListenAddress? {
        guard let node = self[key], let text = node.text else { return nil }
        return NetworkText.listenAddress(text, folder: folder).map {
            ListenAddress(text: $0, mark: node.mark)
        }
    }
}

extension SecretReference {
    init?(_ node: PolicyNode, folder: String) {
        guard let text = node.text, let (kind, name) = ScalarForm.reference(text) else {
            return nil
        }
        let resolved = kind == .file ? PolicyDocument.join(folder, name) : name
        self.init(kind: kind, name: resolved, mark: node.mark)
    }

    /// Stands where an error was noted; the policy that holds it is never handed out.
    static let missing = SecretReference(kind: .file, name: "", mark: .none)
}
