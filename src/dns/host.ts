// The look-up of one host name: the hosts file, this machine, the name servers or the C library, in the order that the system's
// configuration gives. What comes of it is told as it comes.

import { Addr } from '../addr/ip.ts';
import { DNSError } from '../errors.ts';
import { step } from '../trace.ts';
import { sortByRFC6724 } from './addrsort.ts';
import { familiesOf, wholeAnswer, type Answer, type Suffix } from './answer.ts';
import { askFamilies } from './asking.ts';
import { Exchange } from './exchange.ts';
import { noSuchHost, renamed } from './failure.ts';
import { getaddrinfo } from './getaddrinfo.ts';
import type { Setup } from './machine.ts';
import { nameList } from './namelist.ts';
import { hostOrder, isLocalhost, isOnion } from './order.ts';
import { toLine, type Settings } from './options.ts';

/** What a look-up goes by. */
export interface Ground {
  readonly settings: Settings;
  readonly setup: Setup;
  /** Counts look-ups, for `options rotate`. */
  turn: number;
}

/** RFC 6761 section 6.3: no name server is asked. */
const LOCALHOST: readonly Addr[] = [Addr.ipv6Loopback(), Addr.from4([127, 0, 0, 1])];

/**
 * Looks up a name that can be one and is no literal. Tells each answer, and ends when all have been told; a name that is not to
 * be asked at all (`.onion`) ends so with none. Rejects with a DNSError if there is no address.
 */
export async function lookUpHost(
  ground: Ground,
  suffix: Suffix,
  host: string,
  tell: (answer: Answer) => void,
  signal: AbortSignal,
): Promise<void> {
  const found: Addr[] = [];
  await lookUp(ground, suffix, host, signal, (answer) => {
    found.push(...answer.addrs);
    tell(answer);
  });
  if (found.length > 0) step(4, `${host} is ${found.join(', ')}`);
}

async function lookUp(
  ground: Ground,
  suffix: Suffix,
  host: string,
  signal: AbortSignal,
  tell: (answer: Answer) => void,
): Promise<void> {
  const { settings, setup } = ground;
  const order = hostOrder(settings.method, host, setup.machine());
  const listed = fromHosts(setup, host);
  if (isLocalhost(host)) return tell(wholeAnswer(suffix, listed ?? LOCALHOST));
  if (order === 'getaddrinfo') return tell(wholeAnswer(suffix, await getaddrinfo(host, suffix)));
  if (order[0] === 'files' && listed !== null) return tell(wholeAnswer(suffix, listed));
  if (isOnion(host)) return;
  if (!order.includes('dns')) throw noSuchHost(host);
  try {
    await askServers(ground, suffix, host, signal, tell);
  } catch (error) {
    if (order[1] === 'files' && listed !== null && !signal.aborted) return tell(wholeAnswer(suffix, listed));
    throw error instanceof DNSError ? renamed(error, host, error.notFound ? 'ENOTFOUND' : error.code) : error;
  }
}

/** What the hosts file has of a name, in its order; null if it does not have the name. */
function fromHosts(setup: Setup, host: string): readonly Addr[] | null {
  const entry = setup.hosts().entry(host);
  return entry === null ? null : sortByRFC6724(entry.addrs);
}

/** Asks the name servers, and gives the name that had the addresses; null where no name could be asked. */
export function askServers(
  ground: Ground,
  suffix: Suffix,
  host: string,
  signal: AbortSignal,
  tell: (answer: Answer) => void,
  exchange: Exchange = openExchange(ground, signal),
): Promise<string | null> {
  const conf = ground.setup.resolv();
  return askFamilies(exchange, nameList(host, conf), familiesOf(suffix), host, conf.singleRequest, tell);
}

/** An exchange with the name servers that count now. */
export function openExchange(ground: Ground, signal: AbortSignal): Exchange {
  return new Exchange(toLine(ground.settings, ground.setup.resolv(), ground.turn++), signal);
}
