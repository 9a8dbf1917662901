// Datagrams over loopback, received and sent: how many a second, and what each costs, on gonet and on node:dgram. See README.md.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ccVersion, compileC, firstLine, gonetIsBuilt } from './harness/build.mjs';
import { describeMachine, machineLine } from './harness/machine.mjs';
import { end, startUntil } from './harness/process.mjs';
import { compare, markdownTable, medians, progress, verdict, verdictLine } from './harness/report.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '11' },
    seconds: { type: 'string', default: '0.3' },
    json: { type: 'boolean', default: false },
  },
});
const ms = Number(options.seconds) * 1000;
const SIZES = [64, 1200];

/** What is measured: `way` is a function of servers/udp.mjs. */
const SCENARIOS = {
  receive: [
    { key: 'gonet', name: 'gonet, readFrom', rival: 'gonet', way: 'receive' },
    { key: 'gonet-iterate', name: 'gonet, packets()', rival: 'gonet', way: 'iterate' },
    { key: 'gonet-batch', name: 'gonet, readBatch', rival: 'gonet', way: 'receiveBatch' },
    { key: 'gonet-whole', name: 'gonet, readBatch with segmentSize', rival: 'gonet', way: 'receiveBatch', whole: true },
    { key: 'ffi', name: 'gonet on koffi, readFrom', rival: 'ffi', way: 'receive' },
    { key: 'ffi-batch', name: 'gonet on koffi, readBatch', rival: 'ffi', way: 'receiveBatch' },
    { key: 'dgram', name: 'node:dgram', rival: 'node-dgram', way: 'receive' },
  ],
  send: [
    { key: 'gonet', name: 'gonet, write, 64 at a time', rival: 'gonet', way: 'send', atOnce: 64 },
    { key: 'gonet-1', name: 'gonet, write, one at a time', rival: 'gonet', way: 'send', atOnce: 1 },
    { key: 'gonet-batch', name: 'gonet, writeBatch', rival: 'gonet', way: 'sendBatch' },
    { key: 'ffi', name: 'gonet on koffi, write, 64 at a time', rival: 'ffi', way: 'send', atOnce: 64 },
    { key: 'ffi-1', name: 'gonet on koffi, write, one at a time', rival: 'ffi', way: 'send', atOnce: 1 },
    { key: 'ffi-batch', name: 'gonet on koffi, writeBatch', rival: 'ffi', way: 'sendBatch' },
    { key: 'dgram-1', name: 'node:dgram, one at a time', rival: 'node-dgram', way: 'send', atOnce: 1 },
    { key: 'dgram', name: 'node:dgram, 64 at a time', rival: 'node-dgram', way: 'send', atOnce: 64 },
  ],
};

/** Acceptance: of the scenario, gonet's way against node:dgram's better one. */
const CLAIMS = [
  ['receive', 'gonet', 'single calls', 1.2],
  ['send', 'gonet', 'single calls', 1.2],
  ['receive', 'gonet-batch', 'batches', 2.5],
  ['send', 'gonet-batch', 'batches', 2.5],
];

/** On a core of its own, where the machine can say so. */
const pinned = (core, command) =>
  firstLine('taskset', ['--version']) ? ['taskset', '-c', String(core), ...command] : command;

async function run(child, flood, scenario, way, bytes, port) {
  const messages = [];
  let heard = () => {};
  const listen = (message) => (messages.push(message), heard());
  const take = async () => {
    while (messages.length === 0) await new Promise((resolve) => (heard = resolve));
    return messages.shift();
  };
  child.on('message', listen);
  child.send({ ...way, bytes, port, ms });
  let load = null;
  if (scenario === 'receive') {
    const command = pinned(1, [flood, String((await take()).port), String(bytes), String(2 * ms + 1000)]);
    load = spawn(command[0], command.slice(1), { stdio: 'ignore' });
  }
  const { result } = await take();
  child.off('message', listen);
  if (load !== null) await end(load);
  return result;
}

async function main() {
  if (!gonetIsBuilt) throw new Error('gonet is not built: npm run build');
  const flood = ccVersion && compileC('servers/flood.c', 'flood');
  if (!flood) progress('skipped: receiving: its load is written in C, and cc is missing');
  const program = new URL('servers/udp.mjs', import.meta.url).pathname;
  const children = new Map();
  // Bound and never read: what does not fit is dropped.
  const { listenPacket } = await import('../dist/src/index.js');
  const hole = await listenPacket('udp4', '127.0.0.1:0');
  hole.setReadBuffer(4096);
  try {
    for (const [rival, argument, backend] of [
      ['gonet', 'gonet', {}],
      ['ffi', 'gonet', { GONET_BACKEND: 'ffi' }],
      ['node-dgram', 'node-dgram', {}],
    ]) {
      const command = pinned(0, [process.execPath, program, argument]);
      Object.assign(process.env, { GONET_BACKEND: '', ...backend });
      children.set(rival, (await startUntil(command, /^READY/, { ipc: true })).child);
    }
    const results = [];
    for (const [scenario, ways] of Object.entries(SCENARIOS)) {
      if (scenario === 'receive' && !flood) continue;
      for (const bytes of SIZES) {
        const port = hole.localAddr.port;
        const rounds = new Map(ways.map(({ key }) => [key, []]));
        for (const way of ways) await run(children.get(way.rival), flood, scenario, way, bytes, port);
        for (let round = 0; round < Number(options.rounds); round++) {
          for (const way of round % 2 ? ways.toReversed() : ways) {
            rounds.get(way.key).push(await run(children.get(way.rival), flood, scenario, way, bytes, port));
          }
        }
        for (const { key, name } of ways) {
          results.push({ scenario, bytes, key, name, ...medians(rounds.get(key)), rounds: rounds.get(key) });
        }
        progress(`${scenario} ${bytes} B`);
      }
    }
    report(results);
  } finally {
    for (const child of children.values()) await end(child);
    hole.close();
  }
}

function report(results) {
  const find = (scenario, bytes, key) =>
    results.find((each) => each.scenario === scenario && each.bytes === bytes && each.key === key);
  /** Against the better way of node:dgram. */
  const ratio = (scenario, bytes, key) => {
    const [a, b] = ['dgram', 'dgram-1'].map((rival) => find(scenario, bytes, rival));
    const best = b && b.rate > a.rate ? b : a;
    return compare(find(scenario, bytes, key), best, 'rate');
  };
  const verdicts = CLAIMS.flatMap(([scenario, key, what, least]) =>
    SIZES.map((bytes) => {
      const claim = `${scenario} ${bytes} B, ${what}, against node:dgram, at least ${least}`;
      return verdict(claim, ratio(scenario, bytes, key), (r) => r >= least);
    }),
  );
  if (verdicts.some(({ result }) => result === 'FAIL')) process.exitCode = 1;
  if (options.json) {
    console.log(JSON.stringify({ machine: describeMachine(), options, results, verdicts }, null, 2));
    return;
  }
  for (const scenario of Object.keys(SCENARIOS)) {
    for (const bytes of SIZES) {
      const rows = results
        .filter((each) => each.scenario === scenario && each.bytes === bytes)
        .map(({ key, name, rate, cpu }) => [
          name,
          (rate / 1000).toFixed(0),
          ratio(scenario, bytes, key).ratio.toFixed(2),
          cpu.toFixed(2),
        ]);
      if (rows.length === 0) continue;
      const head = [`${scenario}, ${bytes} B`, 'thousand/s', '× node:dgram', 'CPU µs each'];
      console.log(`${markdownTable(head, rows)}\n`);
    }
  }
  console.log(`Medians of ${options.rounds} interleaved rounds of ${options.seconds} s.\n${machineLine()}\n`);
  for (const line of verdicts) console.log(verdictLine(line));
}

await main();
