// Descriptors dropped without close(): Go's finalizer, with the warning that Go lacks (DESIGN D12).

import type { Desc } from '../poll/desc.ts';
import { poller } from '../poll/epoll.ts';
import * as sockopt from '../syscall/sockopt.ts';
import { sys } from '../syscall/sys.ts';

const registry = new FinalizationRegistry<Desc>((desc) => {
  const name = String(desc.label);
  poller.unregister(desc);
  desc.mourner?.wake();
  // As in FD: a positive linger would block.
  if (sockopt.linger(desc.fd) > 0) sockopt.setLinger(desc.fd, -1);
  sys.close(desc.fd);
  process.emitWarning(`${name} was dropped without close(); its descriptor is closed now`, {
    type: 'ResourceWarning',
    code: 'GONET_DROPPED',
  });
});

/** From now on, `owner`'s descriptor is closed when the owner is collected. */
export function remember(owner: { readonly desc: Desc }): void {
  registry.register(owner, owner.desc, owner);
}

/** The owner has closed its descriptor, or given it away. */
export function forget(owner: { readonly desc: Desc }): void {
  registry.unregister(owner);
}
