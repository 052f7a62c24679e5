import { isMainThread } from 'node:worker_threads';

/**
 * Preloaded into every part of the sandbox (`node --import`), Azurite included. The starter holds the other end of
 * standard input and never writes: when it ends, the starter is gone, by whatever death, and so must we be.
 */

const FAREWELL_MS = 3_000;

if (isMainThread) {
  process.stdin.resume();
  process.stdin.once('close', end);
  if ('unref' in process.stdin) process.stdin.unref();
}

function end(): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), FAREWELL_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}
