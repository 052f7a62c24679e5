import { BOUNDS_MS, type Verdict } from '../verdict/judge.ts';
import { counted, type Line, stopwatch } from './line.ts';
import type { CredentialPicture } from './picture.ts';

/** The end of a run: what happened, how it went, and whether it was good. */
export function summary(
  verdict: Verdict,
  credentials: readonly CredentialPicture[],
): readonly Line[] {
  const { calls, costs, rotations } = verdict;
  const rows: readonly (readonly [string, string])[] = [
    ['rotations', counted(rotations)],
    ['retirements', counted(verdict.retirements)],
    ['pod restarts', counted(verdict.restarts)],
    ...credentials.map((each) => [`adoption ${each.gateway}`, adoptionOf(each)] as const),
    ['calls good', counted(calls.good)],
    ['calls refused', counted(calls.refused)],
    ['  expired while off', counted(calls.afterPause)],
    ['calls unreachable', counted(calls.unreachable)],
    ['ARM writes', perRotation(costs.writes, rotations)],
    ['vault reads', perRotation(costs.vaultReads, rotations)],
  ];
  return [
    [],
    [[`Summary of ${stopwatch(verdict.lastedMs)}`, 'title']],
    ...rows.map(([name, value]): Line => [[`  ${name.padEnd(22)}`, 'quiet'], [value]]),
    ...judgement(verdict.failures),
  ];
}

function adoptionOf({ consumers }: CredentialPicture): string {
  return consumers.map(({ id, adopted, pods }) => `${id} ${adopted}/${pods}`).join('  ');
}

/** Probes are among them. */
function perRotation(count: number, rotations: number): string {
  if (rotations === 0) return counted(count);
  return `${counted(count)}, ${(count / rotations).toFixed(1)} for a rotation (probes included)`;
}

function judgement(failures: readonly string[]): readonly Line[] {
  if (failures.length === 0) {
    return [
      [['  No call was refused, and no superseded key outlived its bound.', 'good']],
      bounds(),
    ];
  }
  return failures.map((failure): Line => [[`  FAILED: ${failure}`, 'bad']]);
}

function bounds(): Line {
  const { adopted, expired } = BOUNDS_MS;
  const text = `adopted ${stopwatch(adopted)}, expired ${stopwatch(expired)} after the successor`;
  return [[`  Bounds: ${text}; see sandbox/verdict/judge.ts`, 'quiet']];
}
