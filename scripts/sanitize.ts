// Runs the tests of the addon with the addon built by AddressSanitizer, then by UBSan, in a copy of the package, because the
// loader takes the addon that lies beside it. A mistake planted in another build must be reported first: a run that cannot fail
// says nothing. AddressSanitizer also knows the memory of JavaScript's buffers, which Node takes from malloc. No leaks: V8
// frees nothing at the end; scripts/valgrind.ts looks for those. One line per run.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { Instrumented } from './instrumented.ts';
import { type Ended, count, root, run } from './run.ts';

const cc = process.env['CC'] ?? 'cc';
const TIME_LIMIT = 600_000;

const SUITES: Readonly<Record<string, RegExp>> = {
  'src/syscall': /^(?:badfd|libc|message|msghdr|option|sockopt)\.test\.js$/,
  'test/conformance': /\.test\.js$/,
  'test/fault': /\.test\.js$/,
  'test/leak': /^worker.*\.test\.js$/,
  'test/fuzz': /^(?:native|message|public|fd)\.test\.js$/,
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

/** The package with an addon that a sanitizer watches. */
class Sanitized {
  readonly #copy = new Instrumented('sanitize');
  readonly #folder: string = this.#copy.folder;
  readonly #sanitizer: Sanitizer;
  readonly #env: Readonly<Record<string, string>>;

  constructor(sanitizer: Sanitizer, runtime: string) {
    this.#sanitizer = sanitizer;
    const log = join(this.#folder, 'reports');
    mkdirSync(log);
    this.#env = {
      GONET_BACKEND: 'native',
      LD_PRELOAD: runtime,
      [sanitizer.variable]: `${sanitizer.options}:log_path=${join(log, 'report')}`,
    };
  }

  #build(mistake?: string): void {
    this.#copy.build(['-fno-omit-frame-pointer', ...this.#sanitizer.flags], mistake);
  }

  #run(args: readonly string[]): Promise<Ended> {
    return run(process.execPath, args, { cwd: this.#folder, env: this.#env, timeLimit: TIME_LIMIT });
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
    return this.#run(args);
  }

  async plant(): Promise<void> {
    this.#build(this.#sanitizer.mistake);
    const { status, output } = await this.#listen();
    const said = this.#reports().join('\n');
    const { name, report } = this.#sanitizer;
    if (status === 0 || !report.test(said))
      throw new Error(`${name}: the planted mistake goes unseen\n${output}${said}`);
    console.log(`${name}: the planted mistake is reported`);
    this.#build();
    const { output: loaded } = await this.#listen();
    if (loaded !== 'native true true\n') throw new Error(`${name}: another backend was loaded: ${loaded}`);
  }

  async test(folder: string, names: RegExp): Promise<boolean> {
    const compiled = join('dist', folder);
    const files = readdirSync(join(this.#folder, compiled)).filter((name) => names.test(name));
    const started = performance.now();
    const args = ['--test', '--test-reporter=tap', ...files.map((name) => join(compiled, name))];
    const { status, output } = await this.#run(args);
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
    this.#copy.remove();
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
  const copy = new Sanitized(sanitizer, runtime);
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
