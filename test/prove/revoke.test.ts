import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, type LiveSandbox, openSandbox } from '../support/live-sandbox.ts';
import { sandboxAzure } from '../support/sandbox-azure.ts';
import { sandboxConsumer, sandboxPeople } from '../support/sandbox-keyturn.ts';
import { sandboxSteps } from '../support/sandbox-steps.ts';

let sandbox: LiveSandbox;

beforeAll(async () => {
  sandbox = await openSandbox({ clusters: 1 });
}, 120_000);
afterAll(() => sandbox.program.stop());

test('a revoke while the other slot is retiring kills first, says so, and then publishes', async () => {
  const azure = sandboxAzure(sandbox);
  const people = sandboxPeople(sandbox);
  const steps = sandboxSteps(sandbox);
  const consumer = sandboxConsumer(sandbox, 'edge-lyon');
  const id = await steps.withKnownPast('ghent');
  await steps.rotated(id);
  const { value: leaked, version } = await eventually('ghent can be pulled', async () => {
    return (await consumer.pull(id)).body;
  });
  const fault = { status: 429, retryAfterSeconds: 30 };
  await azure.fault({ api: 'arm', operation: 'regenerateKey', times: 1, ...fault });
  await steps.provedUntil(consumer, id, 'secondary', 'retiring');

  const sinceSeq = await azure.lastSeq();
  await steps.revoke(id, 'primary', 1);
  const { value } = await eventually('ghent has a new version', async () => {
    const { body } = await consumer.pull(id);
    return body.version > version && body;
  });
  const [first, ...rest] = (await azure.deedsFor('ghent', sinceSeq)).filter(
    ({ kind }) => kind !== 'token-minted',
  );
  expect(first).toMatchObject({ kind: 'key-regenerated', slot: 'primary' });
  expect(rest).toContainEqual(expect.objectContaining({ kind: 'secret-set' }));
  expect(await azure.callAsGateway('ghent', leaked)).toBe('401 signature');
  expect(await azure.callAsGateway('ghent', value)).toBe('200');
  const told = (await people.history(id)).map(({ message }: { message: string }) => message);
  expect(told).toContainEqual(expect.stringContaining('primary (revoke)'));
});
