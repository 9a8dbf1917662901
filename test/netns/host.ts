// A host: a network namespace without a name, which lasts as long as the process that holds it, and that process lasts as long
// as the pipe from this one. So nothing is left on the machine however a test ends, a SIGKILL included. network_namespaces(7)

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { command, environment } from './command.ts';
import { Firewall } from './firewall.ts';
import { Program, type Line } from './program.ts';

/** How long a program in a host may run where nothing is said, in milliseconds. */
const PATIENCE = 40_000;

/** Addresses can be used at once, and refusals are not rationed. */
const SETTINGS = {
  'net.ipv6.conf.all.accept_dad': 0,
  'net.ipv6.conf.default.accept_dad': 0,
  'net.ipv4.icmp_ratelimit': 0,
  'net.ipv6.icmp.ratelimit': 0,
} as const;

/** One host of a world, with nothing but `lo`, which is up. */
export class Host implements AsyncDisposable {
  readonly name: string;
  /** What happens to packets that arrive. */
  readonly firewall: Firewall;
  readonly #holder: ChildProcessWithoutNullStreams;
  readonly #gone: Promise<unknown>;
  readonly #programs = new Set<Program<Line>>();

  private constructor(name: string, holder: ChildProcessWithoutNullStreams) {
    this.name = name;
    this.#holder = holder;
    this.#gone = once(holder, 'close');
    for (const [setting, value] of Object.entries(SETTINGS)) this.sysctl(setting, value);
    this.firewall = new Firewall(this);
  }

  static async start(name: string): Promise<Host> {
    const script = 'ip link set lo up && echo up && exec cat';
    const holder = spawn('unshare', ['--net', '--', 'sh', '-c', script], { stdio: 'pipe', env: environment() });
    let complaint = '';
    holder.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    await Promise.race([once(holder.stdout, 'data'), once(holder, 'close')]);
    if (holder.exitCode !== null) throw new Error(`Host "${name}" cannot be made: ${complaint}`);
    return new Host(name, holder);
  }

  /** The process that holds the namespace: what `ip link set … netns` takes, and `nsenter --net --target` for looking around. */
  get pid(): number {
    return this.#holder.pid ?? -1;
  }

  #inside(file: string, args: readonly string[]): string[] {
    return [`--net=/proc/${this.pid}/ns/net`, '--', file, ...args];
  }

  /** Runs a command here to its end, and gives what it said. */
  exec(file: string, args: readonly string[], input = ''): string {
    return command('nsenter', this.#inside(file, args), input);
  }

  /** Runs commands of ip(8), one a line, without the word `ip`: `host.ip('route add unreachable 10.9.0.0/16')`. */
  ip(...lines: readonly string[]): void {
    this.exec('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
  }

  /** Sets what sysctl(8) sets, for this host alone. */
  sysctl(name: string, value: number | string): void {
    this.exec('tee', [`/proc/sys/${name.replaceAll('.', '/')}`], String(value));
  }

  /** Starts a command here; see {@link Program}. It goes with the host at the latest. */
  spawn<Said extends Line>(
    name: string,
    file: string,
    args: readonly string[],
    patience: number = PATIENCE,
  ): Program<Said> {
    const program = new Program<Said>(`${name} on ${this.name}`, 'nsenter', this.#inside(file, args), patience);
    this.#programs.add(program);
    return program;
  }

  /** Starts a program of the folder `child` here, by its name, with its job. */
  start<Said extends Line>(script: string, job: object, patience?: number): Program<Said> {
    const path = fileURLToPath(new URL(`./child/${script}.js`, import.meta.url));
    return this.spawn(script, process.execPath, [path, JSON.stringify(job)], patience);
  }

  /** Ends whatever still runs here, and the host. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#programs, (program) => program.kill()));
    this.#holder.stdin.end();
    await this.#gone;
  }
}
