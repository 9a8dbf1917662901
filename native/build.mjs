// Builds the addon with a C compiler and nothing else: no node-gyp, no Python, no download. The headers come from the npm
// package node-api-headers. Plain JavaScript, because `npm ci` runs it before anything is compiled.
//
//   node native/build.mjs            builds for this machine; ends with 1 where that fails
//   node native/build.mjs --try      the same, but a failure is only said, in one line: `npm ci` does this
//   node native/build.mjs --all      and for every other system that has a cross compiler here: before `npm pack`
//   node native/build.mjs --out=F    one file, for this machine; what follows `--` are more flags: sanitizers
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../', import.meta.url));
const headers = join(root, 'node_modules/node-api-headers/include');
const SOURCES = ['gonet.c', 'sys.c', 'message.c', 'batch.c', 'waker.c'].map((name) => join(root, 'native', name));
// -z now: a runtime without libuv's functions refuses the addon when it is loaded, not when it is called.
const FLAGS = [
  '-std=c11',
  '-O2',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wl,-z,now',
];
const CROSS = ['aarch64-linux-gnu-gcc', 'x86_64-linux-gnu-gcc'];

const { values: options, positionals: flags } = parseArgs({
  options: {
    try: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
  allowPositionals: true,
});

/** What a compiler builds for, as src/syscall/arch.ts names it; null where it does not run, or builds for something else. */
function targetOf(cc) {
  const { stdout, status } = spawnSync(cc, ['-dumpmachine'], { encoding: 'utf8' });
  if (status !== 0) return null;
  const [machine = '', ...rest] = stdout.trim().split('-');
  const arch = { x86_64: 'x64', aarch64: 'arm64' }[machine];
  if (arch === undefined || !rest.includes('linux')) return null;
  return `linux-${arch}-${rest.some((part) => part.startsWith('musl')) ? 'musl' : 'glibc'}`;
}

function compile(cc, output) {
  mkdirSync(dirname(output), { recursive: true });
  // Beside it first: a running process keeps the file that it has loaded.
  const fresh = `${output}.${process.pid}`;
  // Who brings flags wants names too.
  const strip = flags.length === 0 ? ['-s'] : [];
  execFileSync(cc, [...FLAGS, ...strip, ...flags, `-I${headers}`, '-o', fresh, ...SOURCES], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  renameSync(fresh, output);
  return output;
}

const prebuild = (target) => join(root, 'prebuilds', target, 'gonet.node');

function buildHere() {
  const cc = process.env.CC || 'cc';
  const target = targetOf(cc);
  if (target === null) throw new Error(`no C compiler for this system ("${cc}")`);
  if (!existsSync(headers)) throw new Error('the npm package node-api-headers is not installed');
  const output = compile(cc, options.out ?? prebuild(target));
  console.log(`gonet: native backend, built with ${cc} into ${relative(root, output)}`);
  return target;
}

function buildOthers(done) {
  for (const cc of CROSS) {
    const target = targetOf(cc);
    if (target === null) console.log(`gonet: nothing built with ${cc}: it is not here`);
    else if (target !== done) console.log(`gonet: built ${relative(root, compile(cc, prebuild(target)))}`);
  }
}

try {
  const target = buildHere();
  if (options.all) buildOthers(target);
} catch (error) {
  if (options.try) {
    const why = error.message.split('\n')[0];
    const earlier =
      existsSync(prebuild(`linux-${process.arch}-glibc`)) || existsSync(prebuild(`linux-${process.arch}-musl`));
    if (earlier) console.log(`gonet: native backend, of an earlier build: ${why}`);
    else console.log(`gonet: koffi backend, because the native one was not built: ${why}`);
  } else {
    console.error(`gonet: the native backend was not built: ${error.message}\n${error.stderr ?? ''}`);
    process.exitCode = 1;
  }
}
