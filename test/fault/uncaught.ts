// Uncaught exceptions of the process, kept from the test runner, which would fail the test for them.

/** Runs `body` with every uncaught exception in `seen`. */
export async function uncaught(body: (seen: unknown[]) => Promise<void>): Promise<void> {
  const others = process.listeners('uncaughtException');
  const seen: unknown[] = [];
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => seen.push(error));
  try {
    await body(seen);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
  }
}
