// Echo: throughput, CPU per message and latency of gonet beside node:net, Go and C. See README.md.
import { parseArgs } from 'node:util';
import { bun, ccVersion, compileC, compileGo, goVersion, gonetIsBuilt } from './harness/build.mjs';
import { describeMachine, machineLine, pinned, whyNotPinned } from './harness/machine.mjs';
import { end, output, startUntil } from './harness/process.mjs';
import { compare, markdownTable, medians, progress, verdict, verdictLine } from './harness/report.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    warmup: { type: 'string', default: '1' },
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

/** One run: a fresh server on core 0, the load on core 1. */
async function measure(load, rival, { conns, bytes }) {
  const { child, match } = await startUntil(pinned(0, rival.command), /^PORT (\d+)$/);
  try {
    const args = [match[1], conns, bytes, options.warmup, options.seconds, child.pid].map(String);
    return JSON.parse(await output(pinned(1, [load, ...args])));
  } finally {
    await end(child);
  }
}

/** Round after round, all rivals in each, starting with another one each time: a slow minute hits everybody. */
async function runScenario(load, rivals, scenario) {
  const rounds = new Map(rivals.map((rival) => [rival.key, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (let i = 0; i < rivals.length; i++) {
      const rival = rivals[(i + round) % rivals.length];
      const result = await measure(load, rival, scenario);
      rounds.get(rival.key).push(result);
      const { perSecond, cpuUs, p50us } = result;
      progress(
        `${scenario.conns} x ${scenario.bytes} B, round ${round + 1}: ${rival.name.padEnd(16)} ` +
          `${(perSecond / 1000).toFixed(1)} k/s, ${cpuUs.toFixed(2)} us CPU, median ${p50us.toFixed(1)} us`,
      );
    }
  }
  const results = rivals.map(({ key, name }) => ({ key, name, ...medians(rounds.get(key)), rounds: rounds.get(key) }));
  return { ...scenario, results };
}

const find = (scenario, key) => scenario?.results.find((result) => result.key === key);

function acceptance(scenarios) {
  const many = scenarios.find((s) => s.conns === 64 && s.bytes === 64);
  const one = scenarios.find((s) => s.conns === 1 && s.bytes === 64);
  const against = (scenario, rival, figure) => compare(find(scenario, 'gonet'), find(scenario, rival), figure);
  const [overNode, overGo] = [against(many, 'node-net', 'perSecond'), against(many, 'go', 'perSecond')];
  const [cpu, latency] = [against(many, 'c', 'cpuUs'), against(one, 'node-net', 'p50us')];
  return [
    verdict('64 connections: throughput against node:net, at least 1.12', overNode, (r) => r >= 1.12),
    verdict("64 connections: throughput against Go's, at least 1.00", overGo, (r) => r >= 1),
    verdict("64 connections: CPU per message against C's, at most 1.30", cpu, (r) => r <= 1.3),
    verdict('1 connection: median latency against node:net, at most 1.20', latency, (r) => r <= 1.2),
  ];
}

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
      `${options.seconds} s after ${options.warmup} s of warm-up.\n${machineLine()}\n`,
  );
  for (const line of verdicts) console.log(verdictLine(line));
}

await main();
