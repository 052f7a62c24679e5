import { describe, expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { currentConfiguration } from '../../../shared/engine/current-configuration.ts';
import { memoryWorld } from '../../fakes/memory.ts';
import { CONFIG } from '../../support/memory-app.ts';

function reading(first: string) {
  const clock = { nowMs: 0 };
  const file = { text: first, reads: 0, broken: false };
  const { ports, world } = memoryWorld(() => clock.nowMs);
  const source = {
    async read(etag: string | undefined) {
      file.reads += 1;
      if (file.broken) throw new KeyturnError('ERR_UNAVAILABLE', 'the blob does not answer');
      return etag === file.text ? 'unchanged' : { text: file.text, etag: file.text };
    },
  } as const;
  return { clock, file, world, current: currentConfiguration(source, ports) };
}

const OBSERVING = CONFIG.replace('mode: rotate', 'mode: observe');

describe('the configuration in force', () => {
  it('is the same object until another file is read', async () => {
    const { clock, current, file } = reading(CONFIG);
    const first = await current();
    clock.nowMs = 5_000;
    expect(await current()).toBe(first);
    expect(file.reads).toBe(2);
  });

  it('is a new file after five seconds', async () => {
    const { clock, current, file } = reading(CONFIG);
    await current();
    file.text = OBSERVING;
    clock.nowMs = 4_999;
    expect((await current()).mode).toBe('rotate');
    clock.nowMs = 5_000;
    expect((await current()).mode).toBe('observe');
  });

  it('stays the last good one while the file is invalid, and says so', async () => {
    const { clock, current, file, world } = reading(CONFIG);
    await current();
    file.text = 'mode: sleep';
    clock.nowMs = 5_000;
    expect(await current()).toMatchObject({
      mode: 'rotate',
      problem: expect.stringContaining('- mode: expected rotate or observe'),
    });
    expect(world.lines).toMatchObject([{ level: 'error', fields: { code: 'ERR_CONFIG' } }]);
    file.text = OBSERVING;
    clock.nowMs = 10_000;
    expect(await current()).not.toHaveProperty('problem');
  });

  it('stays the last good one while the file cannot be read', async () => {
    const { clock, current, file, world } = reading(CONFIG);
    await current();
    file.broken = true;
    clock.nowMs = 60_000;
    expect((await current()).mode).toBe('rotate');
    expect(world.lines).toMatchObject([{ level: 'warn' }]);
  });

  it('is an error as long as none was ever good', async () => {
    const { current, file } = reading('mode: sleep');
    await expect(current()).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    file.text = CONFIG;
    expect((await current()).mode).toBe('rotate');
  });
});
