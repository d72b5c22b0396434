/// Carries a worker into its thread. A worker is not `Sendable`: it is made on the main thread,
/// handed over once, and from then on only its own thread touches it.
struct WorkerSeat: ~Copyable, @unchecked Sendable {
    let worker: GatewayWorker
    init(_ worker: GatewayWorker) { self.worker = worker }
}
