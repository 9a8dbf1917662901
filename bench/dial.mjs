// Dial and close over loopback: how many a second, and what each costs, on gonet and on node:net. See README.md.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { ccVersion, compileC, gonetIsBuilt } from './harness/build.mjs';
import { describeMachine, machineLine } from './harness/machine.mjs';
import { end, startUntil } from './harness/process.mjs';
import { compare, markdownTable, medians, progress, verdict, verdictLine } from './harness/report.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    count: { type: 'string', default: '2000' },
    json: { type: 'boolean', default: false },
  },
});

/** Several addresses of loopback, so that the ports of connections that have just ended are not the limit. */
const LOOPBACK = Array.from({ length: 200 }, (_, i) => `127.0.0.${i + 1}`);
const RIVALS = ['gonet', 'node-net'];

const SCENARIOS = [
  { key: 'both', name: 'both ends, one after another', concurrency: 1, hosts: ['127.0.0.1'], own: true },
  { key: 'both-16', name: 'both ends, 16 at a time', concurrency: 16, hosts: ['127.0.0.1'], own: true },
  { key: 'name', name: 'both ends, to localhost by name', concurrency: 1, hosts: ['localhost'], own: true },
  { key: 'client', name: 'client alone, one after another', concurrency: 1, hosts: LOOPBACK, own: false },
  { key: 'client-16', name: 'client alone, 16 at a time', concurrency: 16, hosts: LOOPBACK, own: false },
];

async function ask(child, job) {
  const answer = once(child, 'message');
  child.send(job);
  return (await answer)[0];
}

async function main() {
  if (!gonetIsBuilt) throw new Error('gonet is not built: npm run build');
  const sink = ccVersion && (await startUntil([compileC('servers/sink.c', 'sink')], /^PORT (\d+)$/));
  if (!sink) progress('skipped: client alone: its server is written in C, and cc is missing');
  const program = new URL('servers/dial.mjs', import.meta.url).pathname;
  const rivals = [];
  try {
    for (const key of RIVALS) {
      const { child } = await startUntil([process.execPath, program, key], /^PORT/, { ipc: true });
      rivals.push({ key, child });
    }
    const results = [];
    for (const scenario of SCENARIOS.filter(({ own }) => own || sink)) {
      const { concurrency, hosts, own } = scenario;
      const job = { count: Number(options.count), concurrency, hosts, port: own ? 0 : Number(sink.match[1]) };
      for (const { child } of rivals) await ask(child, job);
      const rounds = new Map(RIVALS.map((key) => [key, []]));
      for (let round = 0; round < Number(options.rounds); round++) {
        for (const { key, child } of round % 2 ? rivals.toReversed() : rivals) {
          rounds.get(key).push(await ask(child, job));
        }
      }
      for (const key of RIVALS) {
        results.push({ scenario: scenario.key, key, ...medians(rounds.get(key)), rounds: rounds.get(key) });
      }
      progress(scenario.name);
    }
    report(results);
  } finally {
    for (const { child } of rivals) await end(child);
    if (sink) await end(sink.child);
  }
}

function report(results) {
  const find = (scenario, key) => results.find((each) => each.scenario === scenario && each.key === key);
  const ratio = (scenario) => compare(find(scenario, 'gonet'), find(scenario, 'node-net'), 'rate');
  const verdicts = [
    verdict('dial and close, both ends, against node:net, at least 1.30', ratio('both'), (r) => r >= 1.3),
  ];
  if (verdicts.some(({ result }) => result === 'FAIL')) process.exitCode = 1;
  if (options.json) {
    console.log(JSON.stringify({ machine: describeMachine(), options, results, verdicts }, null, 2));
    return;
  }
  const rows = SCENARIOS.filter(({ key }) => find(key, 'gonet')).map(({ key, name }) => {
    const [gonet, node] = [find(key, 'gonet'), find(key, 'node-net')];
    return [
      name,
      gonet.rate.toFixed(0),
      node.rate.toFixed(0),
      ratio(key).ratio.toFixed(2),
      gonet.cpu.toFixed(0),
      node.cpu.toFixed(0),
    ];
  });
  const head = ['', 'gonet, dials/s', 'node:net', 'ratio', 'gonet, CPU µs each', 'node:net'];
  console.log(
    `${markdownTable(head, rows)}\n\nMedians of ${options.rounds} interleaved rounds of ${options.count} dials.\n${machineLine()}\n`,
  );
  for (const line of verdicts) console.log(verdictLine(line));
}

await main();
