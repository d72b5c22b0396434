"""Where things are, and which CPU does what."""
import os
import resource

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, ".build", "bench")
PROGRAMS = os.path.join(ROOT, "bench", "programs")
GATEWAY = os.path.join(ROOT, ".build", "release", "ringfence-gateway")
CURVES = os.path.join(ROOT, "docs", "curves")

PROXY_PORT, UPSTREAM_PORT = 19743, 19700

# The proxy has the first CPU we may use, load and upstream share the others.
CPUS = sorted(os.sched_getaffinity(0))
PROXY_CPU = str(CPUS[0])
OTHER_CPUS = ",".join(str(cpu) for cpu in CPUS[1:]) or PROXY_CPU
ALL_CPUS = ",".join(str(cpu) for cpu in CPUS)


def raise_descriptor_limit():
    """As many descriptors as we may have, for us and for every process we start."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def gateway_is_old():
    """Whether a source has changed since the gateway was built, as far as times of files say."""
    built = os.path.getmtime(GATEWAY)
    return any(os.path.getmtime(os.path.join(folder, name)) > built
               for folder, _, names in os.walk(os.path.join(ROOT, "Sources")) for name in names)
