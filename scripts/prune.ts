// Removes from dist/ what no source stands for any more, so that a test that was renamed does not run on under its old
// name. Runs after the compiler and touches only what the compiler writes: .js and .d.ts below the three source folders.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

for (const folder of ['src', 'test', 'scripts']) {
  const compiled = join(root, 'dist', folder);
  if (!existsSync(compiled)) continue;
  for (const path of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
    const source = path.replace(/(?:\.d\.ts|\.js)$/, '.ts');
    if (source !== path && !existsSync(join(root, folder, source))) rmSync(join(compiled, path), { force: true });
  }
}
