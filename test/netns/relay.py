# A link between two hosts that takes its time or loses packets: two TUN devices, and every packet that enters one leaves by the
# other, later or never. IPv4 and IPv6 alike, no protocol is looked at. The devices go with this process, which goes when its
# standard input closes. tun(4), Linux's Documentation/networking/tuntap.rst
#
# relay.py DEVICE DEVICE DELAY LOSS: milliseconds each way, and packets of a hundred

import fcntl
import os
import random
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
PACKET = 65536
AT_ONCE = 256


def open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def take(tun, out, due, loss, queue):
    """Takes what a device has, at most a batch; it is to leave by `out`."""
    for _ in range(AT_ONCE):
        try:
            packet = os.read(tun, PACKET)
        except BlockingIOError:
            return
        if random.random() * 100 >= loss:
            queue.append((due, out, packet))


def deliver(queue):
    """Sends on what is due, and gives the seconds until the next packet is."""
    while queue:
        due, out, packet = queue[0]
        left = due - time.monotonic()
        if left > 0:
            return left
        queue.popleft()
        try:
            os.write(out, packet)
        except OSError:
            pass  # the device is down or its queue is full: lost, as on any link
    return None


def main():
    first, second, delay, loss = sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000, float(sys.argv[4])
    a, b = open_tun(first), open_tun(second)
    other = {a: b, b: a}
    queue = deque()  # one delay for all, so what came first is due first
    print('{"event":"ready"}', flush=True)
    while True:
        ready, _, _ = select.select([a, b, 0], [], [], deliver(queue))
        for fd in ready:
            if fd == 0:
                if os.read(0, 4096) == b"":
                    return
            else:
                take(fd, other[fd], time.monotonic() + delay, loss, queue)


try:
    main()
except (OSError, KeyboardInterrupt) as error:  # a device has gone with its host
    sys.exit(f"relay: {error}")
