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
            let values = unsafe starts.map { start -> UnsafePointer<CChar>? in
                guard start >= 0 else { return nil }
                return unsafe raw.baseAddress.map {
                    unsafe ($0 + start).assumingMemoryBound(to: CChar.self)
                }
            }
            return unsafe body(CInt(starts.count), values, lengths, formats)
        }
    }
}
