// Service names of this machine, services(5): read at the first named port and then kept.

import { readFileSync } from 'node:fs';
import { builtinServices, parseServices, type Services } from '../addr/services.ts';

let services: Services | null = null;

/** The built-in services with those of /etc/services. */
export function systemServices(): Services {
  if (services === null) {
    try {
      services = parseServices(readFileSync('/etc/services', 'utf8'));
    } catch {
      services = builtinServices;
    }
  }
  return services;
}
