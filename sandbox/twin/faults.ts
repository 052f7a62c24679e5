import type { Fault } from '../contract.ts';

/** The faults which are asked for and not used up. They are gone when the twin restarts. */
export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** The oldest fault which matches, one of its `times` spent. */
  take(api: Fault['api'], operation: string): Fault | undefined;
}

export function noFaults(): Faults {
  let waiting: { readonly fault: Fault; left: number }[] = [];
  return {
    add: (fault) => void waiting.push({ fault, left: fault.times }),
    clear: () => void (waiting = []),
    take: (api, operation) => {
      const found = waiting.find(
        ({ fault }) => fault.api === api && (fault.operation ?? operation) === operation,
      );
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) waiting = waiting.filter((other) => other !== found);
      return found.fault;
    },
  };
}
