"""How the process of a session or a batch parts in two: the keeper, and the driver that the keeper watches."""
import os
import sys


def part(settings, parted=lambda driver: None):
    """Returns in the driver, which is held to its limits and prints to the keeper. The keeper calls `parted`, and exits when the driver has ended."""
    reading, writing = os.pipe()
    driver = os.fork()
    if driver > 0:
        os.close(writing)
        parted(driver)
        from .keeper import keep

        sys.exit(keep(driver, reading, settings))
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(writing, 1)
    os.dup2(writing, 2)
    os.close(writing)
    os.close(reading)
    _join(settings["groups"])
    _limit_memory(settings["memoryOctets"])


def _join(groups):
    """Joins groups of the kernel; what this process starts is in them as well (cgroups(7))."""
    for group in groups:
        with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write("0")


def _limit_memory(octets):
    """The address space of this process and of those that it starts, each; 0: any."""
    if octets:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (octets, octets))
