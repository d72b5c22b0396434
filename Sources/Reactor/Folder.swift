import CLinux

/// Names that a folder may hold if it is to be listed.
public let folderNamesMax = 100_000

/// The names in a folder in the order of the file system, without `.` and `..`; blocks, so it is
/// for start-up and the control thread.
///
/// - Throws: `tooLarge` beyond `folderNamesMax` names.
public func listFolder(_ path: String) throws(FileFault) -> [String] {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .badPath }
    let folder = try OpenFolder(path)
    var names: [String] = []
    while let name = try folder.next() {
        guard name != ".", name != ".." else { continue }
        guard names.count < folderNamesMax else { throw .tooLarge }
        names.append(name)
    }
    return names
}

/// Makes a folder in one that is there.
///
/// - Parameter mode: its permissions, subject to the umask.
/// - Returns: `false` where something of that name is there already.
public func makeFolder(_ path: String, mode: UInt16 = 0o755) throws(FileFault) -> Bool {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .badPath }
    let result = unsafe rf_folder_make(path, UInt32(mode & 0o777))
    if result == -EEXIST { return false }
    guard result == 0 else { throw FileFault(negative: result) }
    return true
}

/// A folder while its names are read.
@safe private struct OpenFolder: ~Copyable {
    private let folder: OpaquePointer

    init(_ path: String) throws(FileFault) {
        var opened: OpaquePointer?
        let result = unsafe rf_folder_open(path, &opened)
        guard result == 0, let opened = unsafe opened else { throw FileFault(negative: result) }
        unsafe folder = opened
    }

    deinit { unsafe rf_folder_close(folder) }

    borrowing func next() throws(FileFault) -> String? {
        var failure: Int32 = 0
        guard let name = unsafe rf_folder_next(folder, &failure) else {
            guard failure == 0 else { throw FileFault(negative: failure) }
            return nil
        }
        return unsafe String(cString: name)
    }
}
