// Go's look-ups of the package: those of the default resolver, as functions.

import { defaultResolver, type Resolver } from './resolver.ts';

/** See {@link Resolver.lookupAddr}. */
export const lookupAddr: Resolver['lookupAddr'] = (...args) => defaultResolver.lookupAddr(...args);
/** See {@link Resolver.lookupCNAME}. */
export const lookupCNAME: Resolver['lookupCNAME'] = (...args) => defaultResolver.lookupCNAME(...args);
/** See {@link Resolver.lookupHost}. */
export const lookupHost: Resolver['lookupHost'] = (...args) => defaultResolver.lookupHost(...args);
/** See {@link Resolver.lookupMX}. */
export const lookupMX: Resolver['lookupMX'] = (...args) => defaultResolver.lookupMX(...args);
/** See {@link Resolver.lookupNetIP}. */
export const lookupNetIP: Resolver['lookupNetIP'] = (...args) => defaultResolver.lookupNetIP(...args);
/** See {@link Resolver.lookupNS}. */
export const lookupNS: Resolver['lookupNS'] = (...args) => defaultResolver.lookupNS(...args);
/** See {@link Resolver.lookupPort}. */
export const lookupPort: Resolver['lookupPort'] = (...args) => defaultResolver.lookupPort(...args);
/** See {@link Resolver.lookupSRV}. */
export const lookupSRV: Resolver['lookupSRV'] = (...args) => defaultResolver.lookupSRV(...args);
/** See {@link Resolver.lookupTXT}. */
export const lookupTXT: Resolver['lookupTXT'] = (...args) => defaultResolver.lookupTXT(...args);
