/// What all `Connection` fields of a head say together (RFC 9110 section 7.6.1).
struct ConnectionOptions: BitwiseCopyable {
    var close = false
    var keepAlive = false

    /// Whether the connection may carry another message after this one (RFC 9112 section 9.3).
    func persists(_ version: HTTPVersion) -> Bool {
        version == .http11 ? !close : keepAlive && !close
    }
}

extension FieldTable {
    /// Reads every `Connection` field and marks the fields they nominate.
    ///
    /// A nomination removes the sender's own field only: whatever is added afterwards, the tenant
    /// above all, is added to a head from which these are already gone.
    mutating func readConnectionOptions(
        _ bytes: Span<UInt8>, limits: HeadLimits
    ) throws(HTTPViolation) -> ConnectionOptions {
        var options = ConnectionOptions()
        var read = 0
        var next = index(of: .connection)
        while let index = next {
            let value = bytes[self[index].value]
            var position = 0
            while let element = value.nextElement(&position) {
                // RFC 9110 section 5.6.1.2: empty elements are ignored, and still are work.
                read += 1
                guard read <= limits.connectionOptionsMax else { throw .connectionOptionsTooMany }
                if element.isEmpty { continue }
                let option = value.extracting(element)
                for place in option.indices where !ByteSet.token.contains(option[place]) {
                    throw .connectionMalformed
                }
                if option.equalsIgnoringCase("close") {
                    options.close = true
                } else if option.equalsIgnoringCase("keep-alive") {
                    options.keepAlive = true
                } else {
                    nominate(option, bytes)
                }
            }
            next = self.index(of: .connection, from: index + 1)
        }
        return options
    }

    private mutating func nominate(_ name: Span<UInt8>, _ bytes: Span<UInt8>) {
        for index in 0..<count
        where self[index].name.count == name.count
            && bytes[self[index].name].equalsIgnoringCase(name)
        {
            markHopByHop(at: index)
        }
    }
}
