extension StaticString {
    /// The text as C reads it: a literal ends with NUL and lives as long as the program.
    var cString: UnsafePointer<CChar> {
        unsafe UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

extension ParameterBuffer {
    /// Offers count, values, lengths and formats as libpq takes them.
    ///
    /// - Safety: the pointers are valid only while `body` runs.
    @unsafe func withPointers<Value>(
        _ body: (
            CInt, UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<CInt>, UnsafePointer<CInt>
        ) -> Value
    ) -> Value {
        unsafe bytes.withUnsafeBytes { raw in
            // On the stack: a fresh array for each statement of each transaction is dear.
            unsafe withUnsafeTemporaryAllocation(
                of: UnsafePointer<CChar>?.self, capacity: max(starts.count, 1)
            ) { values in
                unsafe values.initialize(repeating: nil)
                for index in starts.indices where starts[index] >= 0 {
                    unsafe values[index] = raw.baseAddress.map {
                        unsafe ($0 + starts[index]).assumingMemoryBound(to: CChar.self)
                    }
                }
                guard let first = unsafe UnsafePointer(values.baseAddress) else {
                    preconditionFailure("a temporary allocation of one place has no address")
                }
                return unsafe body(CInt(starts.count), first, lengths, formats)
            }
        }
    }
}
