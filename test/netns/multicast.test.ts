// Groups between two hosts, joined and left, from all sources or one, by one interface of two; and link-local addresses with their
// zones. That nothing arrives is told by what arrives next: a cable keeps the order. ip(7), ipv6(7), RFC 3376, RFC 3810

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { MulticastJob, MulticastOrder, MulticastSaid } from './child/multicast.ts';
import type { Host } from './host.ts';
import type { End } from './link.ts';
import { noHosts } from './probe.ts';
import type { Program } from './program.ts';
import { twoHosts } from './world.ts';

const options = { timeout: 40_000, skip: noHosts };

type Got = Extract<MulticastSaid, { event: 'got' }>;

/** A program with a socket. */
class Socket implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program<MulticastSaid>;

  private constructor(program: Program<MulticastSaid>, port: number) {
    this.#program = program;
    this.port = port;
  }

  static async on(host: Host, job: MulticastJob): Promise<Socket> {
    const program = host.start<MulticastSaid>('multicast', job);
    const { port } = await program.next('bound');
    return new Socket(program, port);
  }

  async order(order: MulticastOrder): Promise<void> {
    this.#program.tell(JSON.stringify(order));
    await this.#program.next('done');
  }

  /** The message of an order that must fail. */
  async refused(order: MulticastOrder): Promise<string> {
    this.#program.tell(JSON.stringify(order));
    return (await this.#program.next('failed')).message;
  }

  async take(): Promise<Got> {
    this.#program.tell(JSON.stringify({ do: 'take' } satisfies MulticastOrder));
    return this.#program.next('got');
  }

  send(text: string, to: string, { port }: Socket): Promise<void> {
    return this.order({ do: 'send', to, port, text });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.kill();
  }
}

/** The index of a device of a host. */
const indexOf = (host: Host, device: string): number =>
  Number.parseInt(host.exec('ip', ['-o', 'link', 'show', device]), 10);

const at = (ip: string, { port }: Socket): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

const GROUPS: readonly (readonly [group: string, network: 'udp4' | 'udp6', family: keyof End])[] = [
  ['239.7.7.7', 'udp4', 'ip4'],
  ['ff05::77:7', 'udp6', 'ip6'],
  ['ff02::77:7', 'udp6', 'ip6'],
];

describe('groups', { concurrency: true }, () => {
  for (const [group, network, family] of GROUPS) {
    test(`${group}: joined by the interface's name it is heard, left it is not`, options, async () => {
      await using world = await twoHosts();
      const { near, far, cable } = world;
      await using receiver = await Socket.on(far, { network });
      await using sender = await Socket.on(near, { network });
      await sender.order({ do: 'set', interface: cable.device });
      const direct = (text: string): Promise<void> => sender.send(text, cable.far[family], receiver);
      const toAll = (text: string): Promise<void> => sender.send(text, group, receiver);

      await toAll('before');
      await direct('not joined');
      assert.equal((await receiver.take()).text, 'not joined');

      await receiver.order({ do: 'join', group, interface: cable.device });
      await toAll('to all');
      const { text, from, ttl, ifIndex, destination } = await receiver.take();
      assert.deepEqual([text, ttl, destination], ['to all', 1, group]);
      assert.equal(ifIndex, indexOf(far, cable.device));
      // To a group of its link, IPv6 sends from its address of that link.
      if (!group.startsWith('ff02')) assert.equal(from, at(cable.near[family], sender));
      else assert.match(from, new RegExp(`^\\[fe80::.*%${cable.device}\\]:${sender.port}$`));
      assert.match(
        await receiver.refused({ do: 'join', group, interface: cable.device }),
        /setsockopt: address already in use$/,
      );

      await receiver.order({ do: 'leave', group, interface: cable.device });
      await toAll('after');
      await direct('left');
      assert.equal((await receiver.take()).text, 'left');
      assert.match(
        await receiver.refused({ do: 'leave', group, interface: cable.device }),
        /setsockopt: cannot assign requested address$/,
      );
    });

    test(`${group}: of one source only that is heard`, options, async () => {
      await using world = await twoHosts();
      const { near, far, cable } = world;
      const source = cable.near[family];
      const other = family === 'ip4' ? '10.1.0.9' : '2001:db8:1::9';
      near.ip(`address add ${other}/${family === 'ip4' ? 24 : 64} dev ${cable.device}`);
      await using receiver = await Socket.on(far, { network });
      await using wanted = await Socket.on(near, { network, host: source });
      await using unwanted = await Socket.on(near, { network, host: other });
      for (const each of [wanted, unwanted]) await each.order({ do: 'set', interface: cable.device });
      const membership = { group, interface: cable.device, source };
      await receiver.order({ do: 'join', ...membership });
      await unwanted.send('no', group, receiver);
      await wanted.send('yes', group, receiver);
      assert.deepEqual(Object.values(await receiver.take()).slice(1, 3), ['yes', at(source, wanted)]);

      await receiver.order({ do: 'leave', ...membership });
      await receiver.order({ do: 'join', ...membership, source: other });
      await wanted.send('no longer', group, receiver);
      await unwanted.send('now', group, receiver);
      assert.deepEqual(Object.values(await receiver.take()).slice(1, 3), ['now', at(other, unwanted)]);
    });

    test(`${group}: a TTL of 0 stays here, any other is told there`, options, async () => {
      await using world = await twoHosts();
      const { near, far, cable } = world;
      await using receiver = await Socket.on(far, { network });
      await using sender = await Socket.on(near, { network });
      await receiver.order({ do: 'join', group, interface: cable.device });
      // Linux keeps it only for a host that is a member itself (ip_mc_output, ip6_finish_output2).
      await sender.order({ do: 'join', group, interface: cable.device });
      await sender.order({ do: 'set', interface: cable.device, ttl: 0 });
      await sender.send('here', group, receiver);
      await sender.order({ do: 'set', ttl: 200 });
      await sender.send('there', group, receiver);
      const { text, ttl } = await receiver.take();
      assert.deepEqual([text, ttl], ['there', 200]);
    });

    test(`${group}: of two interfaces the one that was chosen`, options, async () => {
      await using world = await twoHosts();
      const { near, far, cable } = world;
      const second = world.join(near, far);
      await using receiver = await Socket.on(far, { network });
      await using sender = await Socket.on(near, { network });
      await receiver.order({ do: 'join', group, interface: second.device });
      await sender.order({ do: 'set', interface: cable.device });
      await sender.send('by the first', group, receiver);
      await sender.order({ do: 'set', interface: second.device });
      await sender.send('by the second', group, receiver);
      const { text, ifIndex } = await receiver.take();
      assert.deepEqual([text, ifIndex], ['by the second', indexOf(far, second.device)]);

      await receiver.order({ do: 'join', group, interface: cable.device });
      await sender.order({ do: 'set', interface: cable.device });
      await sender.send('by the first again', group, receiver);
      assert.equal((await receiver.take()).ifIndex, indexOf(far, cable.device));
    });

    test(`${group}: listenMulticastUDP hears others, shares its port, and not itself`, options, async () => {
      await using world = await twoHosts();
      const { near, far, cable } = world;
      const job = { network, group, interface: cable.device };
      await using receiver = await Socket.on(far, job);
      await using neighbour = await Socket.on(far, { ...job, port: receiver.port });
      await using sender = await Socket.on(near, { network });
      await sender.order({ do: 'set', interface: cable.device });
      await sender.send('to all', group, receiver);
      for (const each of [receiver, neighbour]) assert.equal((await each.take()).text, 'to all');

      await receiver.send('not to this host', group, receiver);
      await receiver.order({ do: 'set', loop: true });
      await receiver.send('to this host, too', group, receiver);
      for (const each of [receiver, neighbour]) assert.equal((await each.take()).text, 'to this host, too');
    });
  }

  test('a zone is the interface of a group of the link, to join and to send to', options, async () => {
    await using world = await twoHosts();
    const { near, far, cable } = world;
    const second = world.join(near, far);
    for (const { device } of [cable, second]) {
      await using receiver = await Socket.on(far, { network: 'udp6', group: `ff02::77:8%${device}` });
      await using sender = await Socket.on(near, { network: 'udp6' });
      await sender.send('by its zone', `ff02::77:8%${device}`, receiver);
      const { text, from } = await receiver.take();
      assert.deepEqual([text, from.includes(`%${device}]`)], ['by its zone', true]);
    }
  });
});

test('a link-local sender has its zone, and can be answered', options, async () => {
  await using world = await twoHosts();
  const { near, far, cable } = world;
  const [address] = /fe80::[0-9a-f:]+/.exec(far.exec('ip', ['-6', 'address', 'show', 'dev', cable.device])) ?? [''];
  await using receiver = await Socket.on(far, { network: 'udp6', host: `${address}%${cable.device}` });
  await using sender = await Socket.on(near, { network: 'udp6' });
  await sender.send('question', `${address}%${cable.device}`, receiver);
  const { text, from } = await receiver.take();
  assert.equal(text, 'question');
  const [, ip] = /^\[(fe80::[0-9a-f:]+%cable1)\]:\d+$/.exec(from) ?? [];
  assert.ok(ip !== undefined, from);
  await receiver.send('answer', ip, sender);
  const answer = await sender.take();
  assert.deepEqual([answer.text, answer.from], ['answer', `[${address}%${cable.device}]:${receiver.port}`]);
});
