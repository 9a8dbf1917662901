// What this machine says about look-ups: its three files, its own name and its environment, as they are at the moment of asking.

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseHosts, type Hosts } from './hosts.ts';
import { defaultSearch } from './namelist.ts';
import { parseHostSources } from './nsswitch.ts';
import type { Machine } from './order.ts';
import { Reread } from './reread.ts';
import { parseResolvConf, type ResolvConf } from './resolvconf.ts';

/** Where the files are. */
export interface Files {
  readonly hosts: string;
  readonly resolv: string;
  readonly nsswitch: string;
}

const SYSTEM: Files = { hosts: '/etc/hosts', resolv: '/etc/resolv.conf', nsswitch: '/etc/nsswitch.conf' };
const MDNS_ALLOW = '/etc/mdns.allow';

/** The files, each read when it is first asked for and again when it has changed. */
export class Setup {
  readonly #hosts: Reread<Hosts>;
  readonly #resolv: Reread<ResolvConf>;
  readonly #sources: Reread<{ readonly list: Machine['sources'] }>;

  constructor(files: Files = SYSTEM) {
    this.#hosts = new Reread(files.hosts, parseHosts);
    this.#resolv = new Reread(files.resolv, parseResolvConf);
    this.#sources = new Reread(files.nsswitch, (text) => ({ list: parseHostSources(text) }));
  }

  hosts(): Hosts {
    return this.#hosts.get();
  }

  /** resolv.conf, its search list filled in. */
  resolv(): ResolvConf & { readonly search: readonly string[] } {
    const conf = this.#resolv.get();
    return { ...conf, search: conf.search ?? defaultSearch(hostname()) };
  }

  machine(): Machine {
    const { list } = this.#sources.get();
    const { env } = process;
    const set = (name: string): boolean => (env[name] ?? '') !== '';
    return {
      sources: list,
      unknownOptions: this.#resolv.get().unknown,
      environment: set('RES_OPTIONS') || set('HOSTALIASES') || env['LOCALDOMAIN'] !== undefined,
      mdnsAllow: (list?.some(({ name }) => name.startsWith('mdns')) ?? false) && existsSync(MDNS_ALLOW),
      get hostname() {
        return hostname();
      },
    };
  }
}

/** The files of this machine, for every resolver that is given no others. */
export const systemSetup: Setup = new Setup();
