import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program of the sandbox as a child process, and what it has printed so far. */
export interface Program {
  readonly pid: number;
  readonly lines: readonly string[];
  /** The first line, printed already or still to come, which matches. Rejects when the program ends before. */
  readonly until: (matches: (line: string) => boolean) => Promise<string>;
  /** Ends it with SIGTERM; the exit code. */
  readonly stop: () => Promise<number | null>;
  /** The exit code of a program which ends by itself. */
  readonly ended: Promise<number | null>;
}

export function startProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      for (const watch of watchers) watch();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);

  const until = (matches: (line: string) => boolean) =>
    new Promise<string>((resolve, reject) => {
      const watch = () => {
        const line = lines.find(matches);
        if (line === undefined) return;
        watchers.delete(watch);
        resolve(line);
      };
      watchers.add(watch);
      watch();
      void ended.then((code) => reject(new Error(`ended with ${code}:\n${lines.join('\n')}`)));
    });
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { pid: child.pid ?? NaN, lines, until, stop, ended };
}
