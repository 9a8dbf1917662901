// Runs the tests of the addon with the addon built by AddressSanitizer, then by UBSan, in a copy of the package, because the
// loader takes the addon that lies beside it. A mistake planted in another build must be reported first: a run that cannot fail
// says nothing. AddressSanitizer also knows the memory of JavaScript's buffers, which Node takes from malloc. No leaks: V8
// frees nothing at the end; scripts/valgrind.ts looks for those. One line per run.

import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { target } from '../src/syscall/arch.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cc = process.env['CC'] ?? 'cc';
const TIME_LIMIT = 600_000;

const SUITES: Readonly<Record<string, RegExp>> = {
  'src/syscall': /^(?:badfd|libc|option|sockopt)\.test\.js$/,
  'test/conformance': /\.test\.js$/,
  'test/fault': /\.test\.js$/,
  'test/leak': /^worker.*\.test\.js$/,
  'test/fuzz': /^(?:native|public|fd)\.test\.js$/,
};

interface Sanitizer {
  readonly name: string;
  readonly flags: readonly string[];
  /** What is loaded before everything else, and the variable that its options are in. */
  readonly runtime: string;
  readonly variable: string;
  readonly options: string;
  /** A mistake, as a macro over a function of the C library that every listener calls, and what is said of it. */
  readonly mistake: string;
  readonly report: RegExp;
}

const SANITIZERS: readonly Sanitizer[] = [
  {
    name: 'AddressSanitizer',
    flags: ['-fsanitize=address'],
    runtime: 'libasan.so',
    variable: 'ASAN_OPTIONS',
    options: 'detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1',
    mistake: '#define getsockname(fd, addr, len) (((volatile char *)(addr))[*(len)] = 1, getsockname(fd, addr, len))',
    report: /heap-buffer-overflow[\s\S]*WRITE of size 1[\s\S]*sys_getsockname/,
  },
  {
    name: 'UBSan',
    flags: ['-fsanitize=undefined,float-cast-overflow,float-divide-by-zero', '-fno-sanitize-recover=all'],
    runtime: 'libubsan.so',
    variable: 'UBSAN_OPTIONS',
    options: 'print_stacktrace=1',
    mistake: '#define listen(fd, backlog) listen(fd, (backlog) + INT_MAX)',
    report: /signed integer overflow[\s\S]*sys_listen/,
  },
];

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[], cwd: string, more: NodeJS.ProcessEnv): Promise<Ended> {
  const env = { ...process.env, ...more };
  delete env['NODE_TEST_CONTEXT'];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIME_LIMIT });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', reject).on('close', (status) => resolve({ status, output }));
  });
}

/** One of the counts that the test runner closes with. */
const count = (output: string, word: string): number =>
  Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);

/** A copy of the package, with an addon of its own. */
class Copy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gonet-sanitize-'));
  readonly #sanitizer: Sanitizer;
  readonly #env: NodeJS.ProcessEnv;

  constructor(sanitizer: Sanitizer, runtime: string) {
    this.#sanitizer = sanitizer;
    const log = join(this.#folder, 'reports');
    mkdirSync(log);
    this.#env = {
      GONET_BACKEND: 'native',
      LD_PRELOAD: runtime,
      [sanitizer.variable]: `${sanitizer.options}:log_path=${join(log, 'report')}`,
    };
    for (const name of ['dist', 'package.json'])
      cpSync(join(root, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
    // build.mjs strips what it builds; here names are wanted.
    const script = `#!/bin/sh\nfor arg do shift; [ "$arg" = -s ] || set -- "$@" "$arg"; done\nexec ${cc} "$@"\n`;
    writeFileSync(join(this.#folder, 'cc'), script, { mode: 0o755 });
  }

  async #build(...flags: readonly string[]): Promise<void> {
    const output = join(this.#folder, 'prebuilds', target(), 'gonet.node');
    const args = [
      'native/build.mjs',
      `--out=${output}`,
      '--',
      '-g',
      '-fno-omit-frame-pointer',
      ...this.#sanitizer.flags,
    ];
    const built = await run(process.execPath, [...args, ...flags], root, { CC: join(this.#folder, 'cc') });
    if (built.status !== 0) throw new Error(`${this.#sanitizer.name}: not built\n${built.output}`);
  }

  /** What the sanitizer has said, in whatever process, and takes it away. */
  #reports(): string[] {
    const folder = join(this.#folder, 'reports');
    const paths = readdirSync(folder).map((name) => join(folder, name));
    const texts = paths.map((path) => readFileSync(path, 'utf8'));
    for (const path of paths) rmSync(path);
    return texts;
  }

  /** A listener, by the addon of this copy and no other. */
  async #listen(): Promise<Ended> {
    const program = `
      import { readFileSync } from 'node:fs';
      import { backend, listen } from 'gonet';
      (await listen('tcp', '127.0.0.1:0')).close();
      const maps = readFileSync('/proc/self/maps', 'utf8');
      const loaded = maps.includes(${JSON.stringify(`${this.#folder}/prebuilds/`)});
      console.log(backend, loaded, maps.includes(${JSON.stringify(this.#sanitizer.runtime)}));`;
    const args = ['--input-type=module', '-e', program];
    return run(process.execPath, args, this.#folder, this.#env);
  }

  async plant(): Promise<void> {
    const header = join(this.#folder, 'mistake.h');
    writeFileSync(
      header,
      `#define _GNU_SOURCE\n#include <limits.h>\n#include <sys/socket.h>\n${this.#sanitizer.mistake}\n`,
    );
    await this.#build('-include', header);
    const { status, output } = await this.#listen();
    const said = this.#reports().join('\n');
    const { name, report } = this.#sanitizer;
    if (status === 0 || !report.test(said))
      throw new Error(`${name}: the planted mistake goes unseen\n${output}${said}`);
    console.log(`${name}: the planted mistake is reported`);
    await this.#build();
    const { output: loaded } = await this.#listen();
    if (loaded !== 'native true true\n') throw new Error(`${name}: another backend was loaded: ${loaded}`);
  }

  async test(folder: string, names: RegExp): Promise<boolean> {
    const compiled = join('dist', folder);
    const files = readdirSync(join(this.#folder, compiled)).filter((name) => names.test(name));
    const started = performance.now();
    const args = ['--test', '--test-reporter=tap', ...files.map((name) => join(compiled, name))];
    const { status, output } = await run(process.execPath, args, this.#folder, this.#env);
    const [passed, failed, skipped] = [count(output, 'pass'), count(output, 'fail'), count(output, 'skipped')];
    const reports = this.#reports();
    const good = status === 0 && passed > 0 && failed === 0 && reports.length === 0;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const counts = `${passed} passed, ${failed} failed, ${skipped} skipped, ${reports.length} reports`;
    console.log(`${this.#sanitizer.name}, ${folder}: ${counts}, ${files.length} files, ${seconds} s`);
    if (!good) console.log([...reports, output.match(/^\s*not ok .*$/gm)?.join('\n') ?? output].join('\n'));
    return good;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

async function check(sanitizer: Sanitizer): Promise<boolean> {
  const asked = spawnSync(cc, [`-print-file-name=${sanitizer.runtime}`], { encoding: 'utf8' });
  const runtime = asked.status === 0 ? asked.stdout.trim() : '';
  if (!existsSync(runtime)) {
    console.log(
      `${sanitizer.name}: skipped, ${cc} ${asked.status === 0 ? `has no ${sanitizer.runtime}` : 'is not here'}`,
    );
    return true;
  }
  const copy = new Copy(sanitizer, runtime);
  try {
    await copy.plant();
    let good = true;
    for (const [folder, names] of Object.entries(SUITES)) good = (await copy.test(folder, names)) && good;
    return good;
  } finally {
    copy.remove();
  }
}

if (!existsSync(join(root, 'node_modules/node-api-headers'))) console.log('skipped: no node-api-headers');
else for (const sanitizer of SANITIZERS) if (!(await check(sanitizer))) process.exitCode = 1;
