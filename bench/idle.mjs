// Idle connections: what each costs a server in memory, on gonet and on node:net. See README.md.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ccVersion, compileC, firstLine, gonetIsBuilt } from './harness/build.mjs';
import { describeMachine, machineLine } from './harness/machine.mjs';
import { end, startUntil } from './harness/process.mjs';
import { compare, markdownTable, medians, progress, verdict, verdictLine } from './harness/report.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '15000' },
    touch: { type: 'string', default: '0' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const SPARE_FILES = 500;

const RIVALS = [
  { name: 'gonet, for await', key: 'gonet', why: !gonetIsBuilt && 'not built, see README.md' },
  { name: 'node:net, for await', key: 'node-iterate', why: false },
  { name: "node:net, on('data')", key: 'node-events', why: false },
];

function chosenRivals() {
  const keys = options.only?.split(',') ?? RIVALS.map((rival) => rival.key);
  const unknown = keys.find((key) => !RIVALS.some((rival) => rival.key === key));
  if (unknown !== undefined) throw new Error(`No rival '${unknown}': one of ${RIVALS.map((r) => r.key).join(', ')}`);
  const chosen = RIVALS.filter((rival) => keys.includes(rival.key));
  for (const rival of chosen) if (rival.why) progress(`skipped: ${rival.name}: ${rival.why}`);
  return chosen.filter((rival) => !rival.why);
}

/** As many connections as one process may have open. */
function connectionCount() {
  const limit = Number(firstLine('sh', ['-c', 'ulimit -Hn'])); // NaN: unlimited
  const wanted = Number(options.connections);
  const count = limit ? Math.min(wanted, limit - SPARE_FILES) : wanted;
  if (count < wanted) progress(`${count} connections only: ulimit -n is ${limit}`);
  return count;
}

async function ask(server, question) {
  const answer = once(server, 'message');
  server.send(question);
  return (await answer)[0];
}

async function untilAccepted(server, count) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { connections } = await ask(server, 'connections');
    if (connections === count) return;
    if (Date.now() > deadline) throw new Error(`${connections} of ${count} connections arrived`);
    await sleep(100);
  }
}

/** One run: a fresh server, its memory before and after the connections, in bytes per connection. */
async function measure(program, rival, count) {
  const path = new URL('servers/idle.mjs', import.meta.url).pathname;
  const { child: server, match } = await startUntil(
    [process.execPath, '--expose-gc', path, rival.key],
    /^PORT (\d+)$/,
    { ipc: true },
  );
  try {
    const before = await ask(server, 'memory');
    const { child: clients } = await startUntil([program, match[1], String(count), options.touch], /^READY \d+$/, {
      milliseconds: 120_000,
      stdin: true,
    });
    try {
      await untilAccepted(server, count);
      await sleep(500);
      const after = await ask(server, 'memory');
      return Object.fromEntries(Object.keys(before).map((key) => [key, (after[key] - before[key]) / count]));
    } finally {
      await end(clients);
    }
  } finally {
    await end(server);
  }
}

async function main() {
  if (!ccVersion) {
    console.log('Nothing measured: the clients are written in C, and cc is missing.');
    return;
  }
  const program = compileC('clients.c', 'clients');
  const rivals = chosenRivals();
  const count = connectionCount();
  const rounds = new Map(rivals.map((rival) => [rival.key, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (let i = 0; i < rivals.length; i++) {
      const rival = rivals[(i + round) % rivals.length];
      const result = await measure(program, rival, count);
      rounds.get(rival.key).push(result);
      progress(
        `round ${round + 1}: ${rival.name.padEnd(20)} ${result.rss.toFixed(0)} B RSS, ${result.heap.toFixed(0)} B heap`,
      );
    }
  }

  const results = rivals.map(({ key, name }) => ({ key, name, ...medians(rounds.get(key)), rounds: rounds.get(key) }));
  const find = (key) => results.find((result) => result.key === key);
  const node = find('node-iterate');
  const ratio = (result) => compare(result, node, 'rss');
  const verdicts = [
    verdict(
      'resident memory per idle connection against node:net, at most 0.65',
      ratio(find('gonet')),
      (r) => r <= 0.65,
    ),
  ];
  if (verdicts.some(({ result }) => result === 'FAIL')) process.exitCode = 1;

  if (options.json) {
    console.log(JSON.stringify({ machine: describeMachine(), options, count, results, verdicts }, null, 2));
    return;
  }
  const rows = results.map((r) => [
    r.name,
    ...[r.rss, r.private, r.heap, r.external].map((bytes) => bytes.toFixed(0)),
    ratio(r)?.ratio.toFixed(2) ?? '–',
  ]);
  const head = ['bytes per connection', 'RSS', 'private dirty', 'V8 heap used', 'external', 'RSS × node:net'];
  const touched = options.touch === '0' ? 'nothing sent yet' : `one echo of ${options.touch} B before`;
  console.log(
    `${markdownTable(head, rows)}\n\n${count.toLocaleString('en')} idle connections, each with a read parked, ${touched}; ` +
      `after gc, less the same before; medians of ${options.rounds} interleaved rounds.\n${machineLine()}\n`,
  );
  for (const line of verdicts) console.log(verdictLine(line));
}

await main();
