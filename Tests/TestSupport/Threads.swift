import Foundation

/// Runs `work` with each number below `count`, all at once: each has a thread of its own, however
/// few processors there are and however busy the pools that tests share. Waits for all of them.
public func inThreads(_ count: Int, _ work: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        Thread.detachNewThread {
            work(number)
            group.leave()
        }
    }
    group.wait()
}

/// What this thread has computed so far: other than the time of day, no load of the machine changes
/// it.
public func secondsOfThread() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
