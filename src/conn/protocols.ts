// Protocol names of this machine, protocols(5): read at the first name that is not built in, and then kept.

import { readFileSync } from 'node:fs';
import { builtinProtocols, parseProtocols, protocolLookup } from '../addr/protocol.ts';

const builtin = protocolLookup();
let protocols: ReturnType<typeof protocolLookup> | null = null;

/** The number of a protocol by its name: of the built-in ones, or of those in /etc/protocols. For `parseNetwork`. */
export function systemProtocol(name: string): number | undefined {
  return builtin(name) ?? (protocols ??= protocolLookup(read()))(name);
}

function read(): ReadonlyMap<string, number> {
  try {
    return parseProtocols(readFileSync('/etc/protocols', 'utf8'));
  } catch {
    return builtinProtocols;
  }
}
