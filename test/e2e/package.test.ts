// What `npm pack` makes of a checkout: which files are in the tarball, and that it works in an empty folder where no script of
// a package may run. Everything happens in copies; the checkout's own dist/ and prebuilds/ stay as they are.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { target } from '../../src/syscall/arch.ts';
import { ADDON, Folder, ROOT, compilers, run } from './copy.ts';

const options = { timeout: 120_000 };
const SOURCES =
  'package.json tsconfig.json README.md CHANGELOG.md LICENSE .gitignore src test scripts examples native'.split(' ');

const checkout = new Folder();
const app = new Folder();
after(() => {
  checkout.remove();
  app.remove();
});

/** The tarball, and the paths in it. */
let tarball: string;
let packed: string[];
before(() => {
  checkout.bring(SOURCES);
  checkout.link();
  const { status, stdout, stderr } = run(checkout.path, ['npm', 'pack', '--silent', '--pack-destination', app.path]);
  assert.equal(status, 0, stdout + stderr);
  const name = readdirSync(app.path).find((each) => each.endsWith('.tgz'));
  assert.ok(name, stdout + stderr);
  tarball = app.at(name);
  const list = run(app.path, ['tar', '-tzf', tarball]);
  assert.equal(list.status, 0, list.stderr);
  packed = list.stdout
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
}, options);

test('the tarball has what the package needs, and nothing else', () => {
  const wanted =
    /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/src\/.+\.(?:js|d\.ts)|prebuilds\/.+\/gonet\.node)$/;
  assert.deepEqual(
    packed.filter((path) => !wanted.test(path) || /test/i.test(path)),
    [],
  );
  for (const path of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE']) assert.ok(packed.includes(path), path);
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: object };
  const doors = [...JSON.stringify(exports).matchAll(/"\.\/([^"]+\.(?:js|d\.ts|json))"/g)].map(([, path = '']) => path);
  assert.ok(doors.length > 4);
  for (const path of doors) assert.ok(packed.includes(path), path);
  const scripts = packed.filter((path) => path.endsWith('.js'));
  assert.deepEqual(
    scripts.filter((path) => !packed.includes(path.replace(/\.js$/, '.d.ts'))),
    [],
  );
});

test('the tarball has an addon for each compiler that is here', (t) => {
  const addons = packed.filter((path) => path.startsWith('prebuilds/'));
  t.diagnostic(`compilers for: ${compilers.join(', ') || 'nothing'}`);
  assert.deepEqual(addons.toSorted(), compilers.map((each) => `prebuilds/${each}/gonet.node`).toSorted());
  for (const path of addons) {
    // e_machine of the ELF header, elf(5).
    const machine = readFileSync(checkout.at(path)).readUInt16LE(18);
    assert.equal(machine, path.includes('arm64') ? 183 : 62, path);
  }
});

const PROGRAM = `
  import { backend, dial, listen } from 'gonet';
  import { Addr } from 'gonet/netip';
  const listener = await listen('tcp', '127.0.0.1:0');
  const [client, server] = await Promise.all([dial('tcp', listener.addr.toString()), listener.accept()]);
  await client.write('hello');
  const buffer = new Uint8Array(16);
  const n = await server.read(buffer, { deadline: Date.now() + 5000 });
  console.log(backend, Buffer.from(buffer.subarray(0, n)).toString(), Addr.parse('::1').is6());
  for (const each of [client, server, listener]) each.close();
`;

const TYPED = `
  import { backend, dial, OpError, type TCPConn } from 'gonet';
  import { Addr } from 'gonet/netip';
  import { setsockopt, SO_KEEPALIVE } from 'gonet/syscall';
  const name: 'ffi' | 'native' = backend;
  const conn: Promise<TCPConn> = dial('tcp', '127.0.0.1:1', { timeout: 10 });
  conn.catch((error: unknown) => error instanceof OpError && error.code);
  export const all: readonly unknown[] = [name, Addr.parse('::1'), setsockopt];
  // @ts-expect-error a constant is a number
  export const keepAlive: string = SO_KEEPALIVE;
`;

const UNREACHABLE =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b/;

test('the tarball works in an empty folder, without install scripts', options, async (t) => {
  app.write('package.json', '{ "name": "app", "private": true, "type": "module" }');
  const offline = ['--prefer-offline', '--fetch-retries=1', '--fetch-timeout=20000', '--no-audit', '--no-fund'];
  const installed = run(app.path, ['npm', 'install', '--ignore-scripts', ...offline, tarball]);
  if (installed.status !== 0 && UNREACHABLE.test(installed.stderr)) {
    return t.skip('the registry is unreachable, and koffi is not in the cache');
  }
  assert.equal(installed.status, 0, installed.stderr);

  app.write('app.mjs', PROGRAM);
  const native = existsSync(app.at('node_modules/gonet', ADDON));
  assert.equal(native, compilers.includes(target()));
  await t.test('on the default backend', () => {
    const { status, stdout, stderr } = run(app.path, [process.execPath, 'app.mjs']);
    assert.deepEqual(
      { status, stdout, stderr },
      { status: 0, stdout: `${native ? 'native' : 'ffi'} hello true\n`, stderr: '' },
    );
  });
  await t.test('on koffi', () => {
    const { status, stdout, stderr } = run(app.path, [process.execPath, 'app.mjs'], { GONET_BACKEND: 'ffi' });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'ffi hello true\n', stderr: '' });
  });
  for (const [module, resolution] of [
    ['NodeNext', 'NodeNext'],
    ['ESNext', 'Bundler'],
  ] as const) {
    await t.test(`its types, with the resolution of ${resolution}`, () => {
      const base = { strict: true, noEmit: true, target: 'ES2023', lib: ['ES2023', 'ESNext.Disposable'] };
      const types = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] };
      const compilerOptions = { ...base, ...types, module, moduleResolution: resolution };
      app.write('app.ts', TYPED);
      app.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['app.ts'] }));
      const { status, stdout } = run(app.path, [
        process.execPath,
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        '-p',
        '.',
      ]);
      assert.equal(status, 0, stdout);
    });
  }
});
