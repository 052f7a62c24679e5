import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Parts of a run which was just killed need a moment to notice it. */
const PATIENCE_MS = 5_000;

/** Waits until all of the ports are free. Returns one which stays in use. */
export async function firstPortInUse(ports: readonly number[]): Promise<number | undefined> {
  const untilMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const free = await Promise.all(ports.map(isFree));
    const inUse = ports[free.indexOf(false)];
    if (inUse === undefined || Date.now() > untilMs) return inUse;
    await sleep(200);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  } finally {
    server.close();
  }
}
