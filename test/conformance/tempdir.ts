// A folder for socket files, which goes with everything in it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder. */
export class TempDir implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'gonet-'));

  /** The path of a file in it, which need not be there. */
  file(name = 's'): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
