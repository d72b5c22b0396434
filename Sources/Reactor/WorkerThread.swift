import CLinux

/// A named thread that runs one body to its end. Letting go of the handle joins it, so a thread
/// never outlives what it was started for unless somebody says `detach`.
@safe public struct WorkerThread: ~Copyable {
    private let handle: pthread_t

    /// libjwt keeps claims on the stack in proportion to the token it reads.
    public static let stackBytesDefault = 8 << 20

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: shown by `top -H`; Linux keeps 15 bytes.
    ///   - core: binds the thread to one of `usableCores()`; a core that has gone meanwhile leaves
    ///     it unbound.
    ///   - body: taken over by the new thread with everything it has captured.
    public init(
        name: String, core: Int? = nil, stackBytes: Int = stackBytesDefault,
        _ body: sending @escaping () -> Void
    ) throws(SystemFault) {
        let start = Start(name: name, core: core, body: body)
        var handle = pthread_t()
        // Retained here, released by the trampoline, which runs exactly once when the call
        // succeeds and never when it fails.
        let argument = unsafe Unmanaged.passRetained(start)
        let result = unsafe rf_thread_start(&handle, stackBytes, trampoline, argument.toOpaque())
        guard result == 0 else {
            unsafe argument.release()
            throw SystemFault("pthread_create", negative: result)
        }
        self.handle = handle
    }

    /// Starts a thread that owns `worker` and ends with it.
    public init<Worker: ~Copyable>(
        name: String, core: Int? = nil, stackBytes: Int = stackBytesDefault,
        running worker: consuming sending Worker,
        _ body: @escaping @Sendable (inout Worker) -> Void
    ) throws(SystemFault) {
        let place = Place(worker)
        try self.init(name: name, core: core, stackBytes: stackBytes) { body(&place.worker) }
    }

    deinit { _ = pthread_join(handle, nil) }

    /// Waits for the thread's end.
    public consuming func join() {}

    /// Lets the thread run to its end on its own.
    public consuming func detach() {
        _ = pthread_detach(handle)
        discard self
    }
}

/// What a new thread is handed. Not `Sendable`: it crosses once, as an opaque pointer, and the
/// `sending` body says that nobody else keeps what it captures.
private final class Start {
    let name: String
    let core: Int?
    let body: () -> Void

    init(name: String, core: Int?, body: @escaping () -> Void) {
        self.name = name
        self.core = core
        self.body = body
    }
}

/// A place for a worker that cannot be copied, since a closure cannot consume what it captures.
private final class Place<Worker: ~Copyable> {
    var worker: Worker
    init(_ worker: consuming Worker) { self.worker = worker }
}

private func trampoline(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    unsafe rf_thread_name(start.name)
    if let core = start.core { _ = rf_pin(Int32(clamping: core)) }
    start.body()
    return nil
}

/// The cores the calling thread may run on, in order; at least one. Containers and `taskset` limit
/// them, so this and not the machine's size decides how many workers there are.
public func usableCores() -> [Int] {
    var cores = rf_cores()
    guard unsafe rf_cores_usable(&cores) == 0 else { return [0] }
    var found: [Int] = []
    for core in 0..<rf_cores_max() where unsafe rf_cores_contain(&cores, core) != 0 {
        found.append(Int(core))
    }
    return found.isEmpty ? [0] : found
}

/// Raises the soft limit of open descriptors to `wanted`, or as far as the hard limit lets it.
///
/// - Returns: the limit now in force, or `nil` when the kernel does not tell.
public func raiseDescriptorLimit(to wanted: UInt64) -> Int? {
    let limit = rf_raise_descriptor_limit(wanted)
    return limit < 0 ? nil : Int(limit)
}
