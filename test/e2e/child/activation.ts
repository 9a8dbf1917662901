// A service that is started with its sockets open. Tells what listenFds gives, then serves one client of each: `sockets` and `more` are what
// the first and the second call gave, `left` is what the environment still says. The argument is the call's options.

import { readFileSync } from 'node:fs';

import { type AdoptedSocket, type ListenFd, listenFds, UDPConn } from 'gonet';
import { sys } from '../../../src/syscall/sys.ts';
import { F_SETFD, O_CLOEXEC } from '../../../src/syscall/zconst_linux.ts';

const FIRST = 3;
const given = Number(process.env['GIVEN']);

/** The conn's or listener's own address. */
const addrOf = (socket: AdoptedSocket): string => String('addr' in socket ? socket.addr : socket.localAddr);

function isCloseOnExec(fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
  return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
}

async function serve(name: string, socket: AdoptedSocket): Promise<void> {
  if ('accept' in socket) {
    using conn = await socket.accept();
    await conn.write(name);
  } else if (socket instanceof UDPConn) {
    const { addr } = await socket.readFrom(Buffer.alloc(8));
    await socket.writeTo(name, addr);
  } else await socket.write(name);
  socket.close();
}

// Node has made them close-on-exec when it started.
for (let fd = FIRST; fd < FIRST + given; fd++) sys.fcntl(fd, F_SETFD, 0);

const report: Record<string, unknown> = {};
let all: ListenFd[] = [];
try {
  const options = process.argv[2] === undefined ? [] : [JSON.parse(process.argv[2]) as object];
  all = listenFds(...options);
  report['sockets'] = all.map(({ name, socket, fd }) =>
    socket === null ? [name, fd.fd - FIRST] : [name, socket.constructor.name, addrOf(socket)],
  );
  report['more'] = listenFds(...options).length;
} catch (error) {
  report['error'] = String(error);
}
report['closeOnExec'] = Array.from({ length: given }, (_, i) => isCloseOnExec(FIRST + i));
report['left'] = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'].filter((key) => key in process.env);
console.log(JSON.stringify(report));
for (const { name, socket, fd } of all) {
  if (socket === null) fd.close();
  else void serve(name, socket);
}
