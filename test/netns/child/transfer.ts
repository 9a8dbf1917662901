// Sends a lot and reads its echo at the same time; tells whether every byte came back as it went.

import { dial } from 'gonet';

import { pattern, readAll } from '../../fault/pair.ts';
import { jobOf, say } from './wire.ts';

export interface TransferJob {
  readonly address: string;
  readonly bytes: number;
}

export interface TransferSaid {
  readonly event: 'echoed';
  readonly bytes: number;
  readonly intact: boolean;
  readonly ms: number;
}

const { address, bytes } = jobOf<TransferJob>();
const data = pattern(bytes);
const from = performance.now();
using conn = await dial('tcp', address);
const [echo] = await Promise.all([readAll(conn, bytes), conn.write(data).then(() => conn.closeWrite())]);
say({
  event: 'echoed',
  bytes: echo.length,
  intact: echo.equals(data),
  ms: performance.now() - from,
} satisfies TransferSaid);
