// Sends ICMP echo requests to a host and tells how long its answers take, as ping(8) does:
//
//   node examples/ping.mjs HOST [COUNT [INTERVAL]]        the interval in milliseconds
//
// `udp4:icmp` and `udp6:ipv6-icmp` need no privilege where net.ipv4.ping_group_range names one of the user's groups, icmp(7);
// elsewhere the raw sockets `ip4:icmp` and `ip6:ipv6-icmp` do the same for who has CAP_NET_RAW. RFC 792, RFC 4443

import { setTimeout as sleep } from 'node:timers/promises';

import { dial, OpError, Resolver } from 'gonet';

const [host = 'localhost', count = '4', interval = '1000'] = process.argv.slice(2);
const [ip] = await new Resolver().lookupNetIP('ip', host);
const version = ip.unmap().is4() ? 4 : 6;
const [REQUEST, REPLY] = version === 4 ? [8, 0] : [128, 129];
const NETWORKS = version === 4 ? ['udp4:icmp', 'ip4:icmp'] : ['udp6:ipv6-icmp', 'ip6:ipv6-icmp'];

/** A socket without privilege, or else a raw one. */
async function open() {
  const [free, raw] = NETWORKS;
  try {
    return [free, await dial(free, String(ip))];
  } catch (error) {
    if (!(error instanceof OpError && error.code === 'EACCES')) throw error;
    return [raw, await dial(raw, String(ip))];
  }
}

/** The Internet checksum, RFC 1071. Of IPv6 the kernel computes it. */
function checksum(data) {
  let sum = 0;
  for (let at = 0; at < data.length; at += 2) sum += data.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function request(id, seq) {
  const packet = Buffer.alloc(64);
  packet.writeUInt8(REQUEST);
  packet.writeUInt16BE(id, 4);
  packet.writeUInt16BE(seq, 6);
  if (version === 4) packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

/** The length of the answer; a raw socket hears those to other programs, too. Rejects past the deadline. */
async function answer(conn, id, seq, deadline) {
  const into = Buffer.alloc(2048);
  for (;;) {
    const { n } = await conn.readFrom(into, { deadline });
    const ours = into.readUInt16BE(4) === id && into.readUInt16BE(6) === seq;
    if (n >= 8 && into.readUInt8(0) === REPLY && ours) return n;
  }
}

const [network, conn] = await open();
// The kernel's own identifier, which it puts into what is sent; a raw socket has none.
const id = conn.localAddr.port ?? process.pid & 0xffff;
console.log(`PING ${host} over ${network}`);
let received = 0;
for (let seq = 1; seq <= Number(count); seq++) {
  if (seq > 1) await sleep(Number(interval));
  const start = performance.now();
  try {
    await conn.write(request(id, seq));
    const n = await answer(conn, id, seq, Date.now() + 1000);
    console.log(`${n} bytes from ${ip}: seq=${seq} time=${(performance.now() - start).toFixed(3)} ms`);
    received++;
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
    console.log(error.timeout ? `no answer to seq=${seq}` : error.message);
  }
}
conn.close();
console.log(`${count} sent, ${received} received`);
process.exitCode = received > 0 ? 0 : 1;
