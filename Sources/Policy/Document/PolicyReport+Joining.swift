extension PolicyReport {
    /// This report with another behind it, as one: files, findings and the sizes of this one.
    ///
    /// - Parameter finding: one more about the other's files.
    public func followed(by other: PolicyReport, and finding: Diagnostic? = nil) -> PolicyReport {
        let shifted = (other.diagnostics + [finding].compactMap(\.self)).map { item in
            var item = item
            item.mark?.file += files.count
            return item
        }
        return PolicyReport(
            files: files + other.files.map { $0.shifted(by: files.count) },
            diagnostics: diagnostics + shifted, counts: counts)
    }
}

extension PolicyFile {
    /// The same file where so many stand before it.
    fileprivate func shifted(by count: Int) -> PolicyFile {
        var origin = origin
        switch origin {
        case .included(var mark):
            mark.file += count
            origin = .included(mark)
        case .referred(var mark):
            mark.file += count
            origin = .referred(mark)
        case .main, .overlay, .environment: break
        }
        return PolicyFile(path: path, bytes: bytes, origin: origin)
    }
}
