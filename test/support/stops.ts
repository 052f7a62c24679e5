import type { Ports } from '../../shared/ports.ts';

/** Where a worker stops: before or after one of its calls, named as in the fakes (`vault.publish`) or counted from 0. */
export interface Stop {
  readonly when: 'before' | 'after';
  readonly call: string | number;
}

/** A worker's own view of the world, in which one call does not go on until `resume`. */
export interface StoppedPorts {
  readonly ports: Ports;
  /** The worker stands at its stop. */
  readonly reached: Promise<void>;
  readonly resume: () => void;
}

export function stopAt(ports: Ports, stop: Stop): StoppedPorts {
  const reached = Promise.withResolvers<void>();
  const resumed = Promise.withResolvers<void>();
  let calls = 0;

  const pause = async (): Promise<void> => {
    reached.resolve();
    await resumed.promise;
  };
  const watch = <Port extends object>(name: string, port: Port): Port => {
    const wrapped = Object.entries(port).map(([method, act]) => {
      const call = async (...args: unknown[]): Promise<unknown> => {
        const isIt = stop.call === calls || stop.call === `${name}.${method}`;
        calls += 1;
        if (isIt && stop.when === 'before') await pause();
        const answer = await act(...args);
        if (isIt && stop.when === 'after') await pause();
        return answer;
      };
      return [method, call];
    });
    return Object.fromEntries(wrapped);
  };

  return {
    ports: {
      ...ports,
      records: watch('records', ports.records),
      adoptions: watch('adoptions', ports.adoptions),
      history: watch('history', ports.history),
      queue: watch('queue', ports.queue),
      vault: watch('vault', ports.vault),
      issuers: { 'gateway-token': watch('issuer', ports.issuers['gateway-token']) },
    },
    reached: reached.promise,
    resume: () => resumed.resolve(),
  };
}
