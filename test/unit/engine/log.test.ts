import { expect, it } from 'vitest';
import { log, loggingTo } from '../../../shared/engine/log.ts';

function sink() {
  const lines: string[] = [];
  const to = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  return { lines, info: to('info'), warn: to('warn'), error: to('error') };
}

it('lines belong to the invocation in which they were logged', async () => {
  const [one, other] = [sink(), sink()];
  const work = async (name: string) => {
    await Promise.resolve();
    log('warn', name, { code: 'ERR_INPUT' });
  };
  await Promise.all([loggingTo(one, () => work('one')), loggingTo(other, () => work('other'))]);
  expect([one.lines, other.lines]).toEqual([
    ['warn one {"code":"ERR_INPUT"}'],
    ['warn other {"code":"ERR_INPUT"}'],
  ]);
});

it('a line without fields is the sentence alone', async () => {
  const one = sink();
  await loggingTo(one, async () => log('info', 'swept'));
  expect(one.lines).toEqual(['info swept']);
});
