// Port numbers by service name: a few that are always there, and those of /etc/services, given as text. services(5).

import { fieldLines, leadingNumber } from './fields.ts';

/** Ports by service name, for each protocol: `services.get('tcp')?.get('http')` is 80. */
export type Services = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The services that need no file; a file may change them. */
export const builtinServices: Services = new Map([
  ['udp', new Map([['domain', 53]])],
  [
    'tcp',
    new Map([
      ['domain', 53],
      ['ftp', 21],
      ['ftps', 990],
      ['gopher', 70],
      ['http', 80],
      ['https', 443],
      ['imap2', 143],
      ['imap3', 220],
      ['imaps', 993],
      ['pop3', 110],
      ['pop3s', 995],
      ['smtp', 25],
      ['submissions', 465],
      ['ssh', 22],
      ['telnet', 23],
    ]),
  ],
]);

/** Reads the text of /etc/services, names and aliases, on top of the built-in ones; the last to take a name keeps it. */
export function parseServices(text: string): Services {
  const services = new Map(Array.from(builtinServices, ([proto, ports]) => [proto, new Map(ports)]));
  for (const [name, portProto, ...aliases] of fieldLines(text)) {
    const number = leadingNumber(portProto);
    if (number === null || number.value <= 0 || !number.rest.startsWith('/')) continue;
    const proto = number.rest.slice(1);
    const ports = services.get(proto) ?? new Map<string, number>();
    services.set(proto, ports);
    for (const each of [name, ...aliases]) ports.set(each, number.value);
  }
  return services;
}
