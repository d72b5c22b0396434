import COpenSSL

/// Where OpenSSL's memory comes from.
public enum OpenSSLMemory {
    /// From now on each thread keeps, for OpenSSL's next use, the blocks OpenSSL freed on it: at
    /// most 384 KB, given back when the thread ends. Call once, before anything else in the process
    /// has used OpenSSL and before other threads.
    ///
    /// Not for programs that look for errors of memory use: a block that is kept is not freed to
    /// them.
    ///
    /// - Returns: false when it is too late; then everything is as without the call.
    @discardableResult public static func keepFreedBlocks() -> Bool {
        rf_memory_install() == 1
    }
}
