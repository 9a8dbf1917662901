// A world of hosts that nobody else sees: `await using world = await twoHosts()`. Tests run on `near`, their peers on `far`.

import { Host } from './host.ts';
import { cable, relay, type Link, type RelayOptions } from './link.ts';

/** Hosts and the links between them. Disposing of it ends whatever runs there. */
export class World implements AsyncDisposable {
  readonly near: Host;
  readonly far: Host;
  /** The first link: a fast one. */
  readonly cable: Link;
  readonly #hosts: Host[];
  #nets = 0;

  /** Of two hosts, which it takes over. */
  constructor(near: Host, far: Host) {
    this.near = near;
    this.far = far;
    this.#hosts = [near, far];
    this.cable = this.join(near, far);
  }

  /** One more host, without a link. */
  async host(name: string): Promise<Host> {
    const host = await Host.start(name);
    this.#hosts.push(host);
    return host;
  }

  /** One more cable, a network of its own. */
  join(near: Host, far: Host): Link {
    this.#nets++;
    return cable(near, far, this.#nets);
  }

  /** One more link, which is slow or loses packets, a network of its own. */
  relay(options: RelayOptions, near: Host = this.near, far: Host = this.far): Promise<Link> {
    this.#nets++;
    return relay(near, far, this.#nets, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host[Symbol.asyncDispose]()));
  }
}

/** Two hosts, joined by a cable. */
export async function twoHosts(): Promise<World> {
  const near = await Host.start('near');
  const far = await Host.start('far');
  return new World(near, far);
}
