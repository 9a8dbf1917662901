// Echo: throughput, CPU per message and latency of gonet beside node:net, Go and C. See README.md.
import { parseArgs } from 'node:util';
import { bun, ccVersion, compileC, compileGo, goVersion, gonetIsBuilt } from './harness/build.mjs';
import { describeMachine, machineLine, pinned, whyNotPinned } from './harness/machine.mjs';
import { end, output, startUntil } from './harness/process.mjs';
import { compare, markdownTable, medians, progress, verdict, verdictLine } from './harness/report.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '0.5' },
    warmup: { type: 'string', default: '0.1' },
    scenarios: { type: 'string', default: '64x64,1x64' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const here = (path) => new URL(path, import.meta.url).pathname;
const node = (...args) => [process.execPath, ...args];

const RIVALS = [
  {
    name: 'C, epoll',
    key: 'c',
    why: !ccVersion && 'cc is missing',
    command: () => [compileC('servers/epoll.c', 'epoll')],
  },
  {
    name: 'gonet',
    key: 'gonet',
    why: !gonetIsBuilt && 'not built, see README.md',
    command: () => node(here('servers/gonet.mjs')),
  },
  {
    name: 'gonet, for await',
    key: 'gonet-iterate',
    why: !gonetIsBuilt && 'not built',
    command: () => node(here('servers/gonet.mjs'), 'iterate'),
  },
  {
    name: 'gonet, koffi',
    key: 'gonet-ffi',
    why: !gonetIsBuilt && 'not built',
    command: () => ['env', 'GONET_BACKEND=ffi', ...node(here('servers/gonet.mjs'))],
  },
  {
    name: 'Bun',
    key: 'bun',
    why: !bun && 'bun is missing, see README.md',
    command: () => [bun, here('servers/bun.mjs')],
  },
  { name: 'node:net', key: 'node-net', why: false, command: () => node(here('servers/node-net.mjs')) },
  {
    name: 'Go, one P',
    key: 'go',
    why: !goVersion && 'go is missing',
    command: () => [compileGo('servers/echo.go', 'echo-go')],
  },
];

function chosenRivals() {
  const keys = options.only?.split(',') ?? RIVALS.map((rival) => rival.key);
  const unknown = keys.find((key) => !RIVALS.some((rival) => rival.key === key));
  if (unknown !== undefined) throw new Error(`No rival '${unknown}': one of ${RIVALS.map((r) => r.key).join(', ')}`);
  const chosen = RIVALS.filter((rival) => keys.includes(rival.key));
  for (const rival of chosen) if (rival.why) progress(`skipped: ${rival.name}: ${rival.why}`);
  return chosen.filter((rival) => !rival.why).map((rival) => ({ ...rival, command: rival.command() }));
}

function parseScenario(text) {
  const [, conns, bytes] = text.match(/^(\d+)x(\d+)$/) ?? [];
  if (!conns) throw new Error(`Not a scenario '${text}': write connections x bytes, as in 64x64`);
  return { conns: Number(conns), bytes: Number(bytes) };
}

/** One run: the server on core 0, the load on core 1, with connections of its own. */
async function measure(load, { child, match }, { conns, bytes }, { warmup, seconds } = options) {
  const args = [match[1], conns, bytes, warmup, seconds, child.pid].map(String);
  return JSON.parse(await output(pinned(1, [load, ...args])));
}

/** A server for each rival, warm: an idle one costs the others nothing. */
async function startAll(load, rivals, scenario) {
  const servers = new Map();
  for (const rival of rivals) {
    servers.set(rival.key, await startUntil(pinned(0, rival.command), /^PORT (\d+)$/));
    await measure(load, servers.get(rival.key), scenario, { warmup: 1, seconds: 0.2 });
  }
  return servers;
}

/**
 * Short rounds, all rivals in each, starting with another one each time: a slow second hits everybody, and one server's figures
 * are a second or two away from another's.
 */
async function runScenario(load, rivals, scenario) {
  const servers = await startAll(load, rivals, scenario);
  const rounds = new Map(rivals.map((rival) => [rival.key, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (let i = 0; i < rivals.length; i++) {
      const rival = rivals[(i + round) % rivals.length];
      const result = await measure(load, servers.get(rival.key), scenario);
      rounds.get(rival.key).push(result);
      const { perSecond, cpuUs, p50us } = result;
      progress(
        `${scenario.conns} x ${scenario.bytes} B, round ${round + 1}: ${rival.name.padEnd(16)} ` +
          `${(perSecond / 1000).toFixed(1)} k/s, ${cpuUs.toFixed(2)} us CPU, median ${p50us.toFixed(1)} us`,
      );
    }
  }
  for (const { child } of servers.values()) await end(child);
  const results = rivals.map(({ key, name }) => ({ key, name, ...medians(rounds.get(key)), rounds: rounds.get(key) }));
  return { ...scenario, results };
}

const find = (scenario, key) => scenario?.results.find((result) => result.key === key);

/** The lines for one backend: what it must reach at least, or at most, beside its rivals. */
function linesFor(scenarios, key, limits) {
  const many = scenarios.find((s) => s.conns === 64 && s.bytes === 64);
  const one = scenarios.find((s) => s.conns === 1 && s.bytes === 64);
  return limits.map(([rival, figure, limit]) => {
    const scenario = figure === 'p50us' ? one : many;
    const faster = figure === 'perSecond';
    const what = { perSecond: 'throughput', cpuUs: 'CPU per message', p50us: 'median latency' }[figure];
    const conns = figure === 'p50us' ? '1 connection' : '64 connections';
    const claim = `${key}, ${conns}: ${what} against ${rival}, at ${faster ? 'least' : 'most'} ${limit.toFixed(2)}`;
    const passes = (ratio) => (faster ? ratio >= limit : ratio <= limit);
    return verdict(claim, compare(find(scenario, key), find(scenario, rival), figure), passes);
  });
}

const acceptance = (scenarios) => [
  ...linesFor(scenarios, 'gonet', [
    ['node-net', 'perSecond', 1.3],
    ['go', 'perSecond', 1],
    ['bun', 'perSecond', 1],
    ['c', 'cpuUs', 1.08],
    ['node-net', 'p50us', 1],
  ]),
  ...linesFor(scenarios, 'gonet-ffi', [
    ['node-net', 'perSecond', 1.12],
    ['go', 'perSecond', 1],
    ['c', 'cpuUs', 1.3],
    ['node-net', 'p50us', 1.2],
  ]),
];

function scenarioTable(scenario) {
  const times = (result, to) => compare(result, find(scenario, to), 'perSecond')?.ratio.toFixed(2) ?? '–';
  const rows = scenario.results.map((r) => {
    const rates = r.rounds.map((round) => round.perSecond / 1000);
    return [
      r.name,
      (r.perSecond / 1000).toFixed(1),
      `${Math.min(...rates).toFixed(0)}–${Math.max(...rates).toFixed(0)}`,
      times(r, 'node-net'),
      times(r, 'c'),
      times(r, 'go'),
      r.cpuUs.toFixed(2),
      r.p50us.toFixed(1),
      r.p99us.toFixed(1),
      `${(r.busy * 100).toFixed(0)} %`,
    ];
  });
  const head = ['', 'k msg/s', 'range', '× node:net', '× C', '× Go', 'CPU µs/msg', 'median µs', 'p99 µs', 'core busy'];
  return markdownTable(head, rows);
}

async function main() {
  if (!ccVersion) {
    console.log('Nothing measured: the load generator is written in C, and cc is missing.');
    return;
  }
  const scenarios = options.scenarios.split(',').map(parseScenario);
  const rivals = chosenRivals();
  const load = compileC('load.c', 'load');
  if (whyNotPinned) progress(`not pinned: ${whyNotPinned}; server and load disturb each other`);
  const measured = [];
  for (const scenario of scenarios) measured.push(await runScenario(load, rivals, scenario));
  const verdicts = acceptance(measured);
  if (verdicts.some(({ result }) => result === 'FAIL')) process.exitCode = 1;

  if (options.json) {
    console.log(JSON.stringify({ machine: describeMachine(), options, scenarios: measured, verdicts }, null, 2));
    return;
  }
  for (const scenario of measured) {
    const connections = scenario.conns === 1 ? '1 connection' : `${scenario.conns} connections`;
    console.log(`**${connections} × ${scenario.bytes} B**\n\n${scenarioTable(scenario)}\n`);
  }
  console.log(
    `Echo over loopback, server on one core, load on another; medians of ${options.rounds} interleaved rounds of ` +
      `${options.seconds} s.\n${machineLine()}\n`,
  );
  for (const line of verdicts) console.log(verdictLine(line));
}

await main();
