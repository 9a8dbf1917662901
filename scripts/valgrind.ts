// Runs 100,000 connections, and threads that end in every way, under valgrind's memcheck, and the addon's own fuzzing programs
// after that. Only what has a function of the addon in its stack counts, because V8 frees nothing at the end and reads what it
// did not write: errors, and memory that is lost or still there after the environment. Two planted mistakes must be seen first.
//
//   node dist/scripts/valgrind.js [connections]

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { backend, dial, listen, type TCPListener } from '../src/index.ts';
import { Instrumented } from './instrumented.ts';
import { root } from './run.ts';

const CONNECTIONS = 100_000;
const AT_ONCE = 50;
const THREADS = 6;
const TIME_LIMIT = 1_800_000;
const ENDS = ['by itself', 'by exit', 'terminated'];

/* ── the work ──────────────────────────────────────────────────────────────────────────────────────────────────────────── */

async function serve(listener: TCPListener, into: Uint8Array): Promise<void> {
  using conn = await listener.accept();
  const n = await conn.read(into);
  await conn.write(into.subarray(0, n ?? 0));
  // Until the client is gone: a reset.
  await assert.rejects(conn.read(into), { code: 'ECONNRESET' });
}

async function ask(listener: TCPListener, into: Uint8Array): Promise<void> {
  using conn = await dial('tcp', listener.addr.toString());
  await conn.write('hello');
  assert.equal(await conn.read(into), 5);
  // The close is a reset, so that the port is free at once.
  conn.setLinger(0);
}

async function connections(count: number): Promise<void> {
  using listener = await listen('tcp', '127.0.0.1:0');
  const buffers = Array.from({ length: 2 * AT_ONCE }, () => new Uint8Array(16));
  for (let done = 0; done < count; done += AT_ONCE) {
    const now = Math.min(AT_ONCE, count - done);
    const ends = Array.from({ length: now }, (_, i) => [
      serve(listener, buffers[2 * i]!),
      ask(listener, buffers[2 * i + 1]!),
    ]);
    await Promise.all(ends.flat());
  }
}

async function thread(how: string): Promise<void> {
  await connections(AT_ONCE);
  const listener = await listen('tcp', '127.0.0.1:0');
  parentPort!.postMessage('worked', []);
  if (how === 'by exit') process.exit();
  if (how === 'terminated') await listener.accept();
  // By itself, with the listener and the poller open.
  listener.unref();
}

const sockets = (): string[] =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  });

async function work(count: number, threads: number): Promise<void> {
  const before = sockets();
  await connections(count);
  assert.equal(backend, 'native');
  for (const how of ENDS) {
    for (let i = 0; i < threads; i++) {
      const worker = new Worker(new URL(import.meta.url), { workerData: how });
      const exited = once(worker, 'exit');
      await once(worker, 'message');
      if (how === 'terminated') await worker.terminate();
      await exited;
    }
  }
  assert.deepEqual(sockets(), before);
  assert.ok(readFileSync('/proc/self/maps', 'utf8').includes(`${root}prebuilds/`));
  console.log(`${count} connections and ${threads * ENDS.length} threads`);
}

/* ── the run ───────────────────────────────────────────────────────────────────────────────────────────────────────────── */

interface Outcome {
  readonly status: number | null;
  readonly output: string;
  /** What valgrind says of the addon. */
  readonly errors: readonly string[];
  readonly seconds: number;
}

/** The package, run under valgrind. */
class Checked extends Instrumented {
  constructor() {
    super('valgrind');
  }

  async run(program: string, ...args: readonly string[]): Promise<Outcome> {
    const xml = join(this.folder, 'said.xml');
    const valgrind = ['--tool=memcheck', '--leak-check=full', '--show-leak-kinds=all', '--keep-debuginfo=yes'];
    // A count below one is the kernel's to refuse, but valgrind multiplies it first.
    const suppressed = join(this.folder, 'suppressed');
    writeFileSync(
      suppressed,
      '{\n  count\n  Memcheck:Param\n  epoll_wait(events)\n  fun:epoll_wait\n  fun:sys_epoll_wait\n}\n',
    );
    valgrind.push(`--suppressions=${suppressed}`);
    // What V8 writes is run; the addon is far from the frames where a stack is cut off.
    valgrind.push('--smc-check=all-non-file', '--num-callers=40', '--error-limit=no');
    const command = [...valgrind, '--xml=yes', `--xml-file=${xml}`, process.execPath, join('dist', program), ...args];
    const env = { ...process.env, GONET_BACKEND: 'native' };
    const started = performance.now();
    const child = spawn('valgrind', command, {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIME_LIMIT,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const [status] = (await once(child, 'close')) as [number | null];
    const said = readFileSync(xml, 'utf8');
    if (!said.includes('</valgrindoutput>')) throw new Error(`valgrind did not come to its end: ${output}`);
    const all = said.match(/<error>[\s\S]*?<\/error>/g) ?? [];
    const errors = all.filter((error) => ofAddon(error));
    output = output.replaceAll(/^==\d+== .*$/gm, '').trim();
    return { status, output, errors, seconds: (performance.now() - started) / 1000 };
  }
}

/**
 * Whether an error is the addon's: a loss of what it or Node allocated on its behalf; anything else, if the addon did it, itself
 * or through the C library. V8, when it is called by the addon, looks for pointers in whatever is on the stack.
 */
function ofAddon(error: string): boolean {
  const stack = /<stack>([\s\S]*?)<\/stack>/.exec(error)?.[1] ?? '';
  const frames = stack.match(/<frame>[\s\S]*?<\/frame>/g) ?? [];
  const mine = (frame: string): boolean =>
    /<obj>[^<]*gonet\.node<|<file>(?:gonet|sys|message|batch|waker)\.c</.test(frame);
  if (/<kind>Leak_/.test(error)) return frames.some(mine);
  const first = frames.find((frame) => mine(frame) || !/<obj>[^<]*(?:vgpreload|\/ld-|\/libc[.-])/.test(frame));
  return first !== undefined && mine(first);
}

/** One error of valgrind's in a line: its kind, and the functions of its stack up to the addon's. */
function lineOf(error: string): string {
  const kind = /<kind>(.*?)<\/kind>/.exec(error)?.[1] ?? '';
  const what = /<(?:what|text)>(.*?)<\/(?:what|text)>/.exec(error)?.[1] ?? '';
  const frames = [...error.matchAll(/<fn>(.*?)<\/fn>/g)].map(([, name = '']) => name).slice(0, 6);
  return `${kind}: ${what} in ${frames.join(' < ')}`;
}

const MISTAKES: readonly [what: string, header: string, seen: RegExp][] = [
  ['a leak', '#define free(p) ((void)(p))', /^Leak_\w+:.* in calloc < waker_watch/m],
  [
    'a byte too far',
    '#define getsockname(fd, addr, len) (((volatile char *)(addr))[*(len)] = 1, getsockname(fd, addr, len))',
    /^InvalidWrite:.* in sys_getsockname/m,
  ],
];

async function check(count: number): Promise<void> {
  const copy = new Checked();
  try {
    for (const [what, header, seen] of MISTAKES) {
      copy.build([], header);
      const { errors, output } = await copy.run('scripts/valgrind.js', 'work', '10', '1');
      const said = errors.map(lineOf).join('\n');
      if (!seen.test(said)) throw new Error(`${what}, planted, goes unseen\n${output}\n${said}`);
      console.log(`planted, ${what}: seen ${errors.length} times`);
    }
    copy.build([]);
    const programs = ['right', 'types', 'values', 'vectors', 'batches', 'getters'].map((name) => [
      'test/fuzz/child/native.js',
      name,
    ]);
    for (const args of [['scripts/valgrind.js', 'work', String(count), String(THREADS)], ...programs]) {
      const { status, output, errors, seconds } = await copy.run(args[0]!, ...args.slice(1));
      console.log(
        `${args.slice(0, 2).join(' ')}: ${output}, ${errors.length} errors in the addon, ${seconds.toFixed(0)} s`,
      );
      if (status === 0 && errors.length === 0) continue;
      console.log(errors.map(lineOf).join('\n'));
      process.exitCode = 1;
    }
  } finally {
    copy.remove();
  }
}

const [, , first = String(CONNECTIONS), count = '0', threads = '0'] = process.argv;
if (!isMainThread) await thread(workerData as string);
else if (first === 'work') await work(Number(count), Number(threads));
else if (spawnSync('valgrind', ['--version']).status !== 0) console.log('skipped: valgrind is not here');
else if (!existsSync(join(root, 'node_modules/node-api-headers'))) console.log('skipped: no node-api-headers');
else await check(Number(first));
