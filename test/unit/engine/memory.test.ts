import { describe, expect, it } from 'vitest';
import { boundedMap, remembering } from '../../../shared/engine/memory.ts';

function counted(read: (reads: number) => Promise<string>, maxAgeMs = 5_000) {
  const clock = { nowMs: 0, reads: 0, stale: [] as string[] };
  const get = remembering(
    () => {
      clock.reads += 1;
      return read(clock.reads);
    },
    { nowMs: () => clock.nowMs, maxAgeMs, most: 2, onStale: (key) => clock.stale.push(key) },
  );
  return { clock, get };
}

describe('an answer', () => {
  it('is remembered until its age, and read again then', async () => {
    const { clock, get } = counted(async (reads) => `answer ${reads}`);
    await get('a');
    clock.nowMs = 4_999;
    expect(await get('a')).toBe('answer 1');
    clock.nowMs = 5_000;
    expect(await get('a')).toBe('answer 2');
  });

  it('is read once for all who ask at the same time', async () => {
    const { clock, get } = counted(async (reads) => `answer ${reads}`);
    await Promise.all([get('a'), get('a'), get('a')]);
    expect(clock.reads).toBe(1);
  });

  it('goes on while reading fails, which is tried once in its age', async () => {
    const { clock, get } = counted(async (reads) => {
      if (reads > 1) throw new Error('storage is down');
      return 'answer';
    });
    await get('a');
    clock.nowMs = 5_000;
    expect([await get('a'), await get('a')]).toEqual(['answer', 'answer']);
    expect(clock).toMatchObject({ reads: 2, stale: ['a'] });
  });

  it('goes on while reading hangs', async () => {
    const { clock, get } = counted((reads) =>
      reads === 1 ? Promise.resolve('answer') : new Promise<never>(() => {}),
    );
    await get('a');
    clock.nowMs = 5_000;
    expect(await get('a')).toBe('answer');
    expect(await get('a')).toBe('answer');
    expect(clock.reads).toBe(2);
  });

  it('which was never read fails, and is read again by the next who asks', async () => {
    const { get } = counted(async (reads) => {
      if (reads === 1) throw new Error('storage is down');
      return 'answer';
    });
    await expect(get('a')).rejects.toThrow('storage is down');
    expect(await get('a')).toBe('answer');
  });
});

it('holds at most so many keys, and lets go of the one unused for longest', () => {
  const map = boundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
});
