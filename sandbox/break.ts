import { setTimeout as sleep } from 'node:timers/promises';
import type { Http } from './http.ts';
import { personToken } from './timeline/sources.ts';
import type { Seen } from './timeline/watch.ts';
import { SERVICE_ID, type World } from './world.ts';

/** What can be broken on purpose, to see that the run notices. */
export const BREAKS = ['early-retire'] as const;

/** Long enough to see that all was well before. */
const CALM_MS = 10_000;

const API_VERSION = '2024-05-01';

/** A person regenerates the key of the current version, as the portal lets them: every gateway is cut off. */
export async function retireEarly(world: World, http: Http, seen: Seen): Promise<void> {
  const { gateway, slot } = await firstCurrent(world, seen);
  await sleep(CALM_MS);
  const resource = encodeURIComponent('https://management.azure.com/');
  const people = `${world.urls.control}/control/people`;
  const owner = await personToken(http, `${people}/owner?resource=${resource}`);
  const target = `${world.urls.arm}${SERVICE_ID}/gateways/${gateway}`;
  const regenerate = `${target}/regenerateKey?api-version=${API_VERSION}`;
  await http.post(regenerate, { keyType: slot }, owner);
}

async function firstCurrent(world: World, seen: Seen) {
  for (;;) {
    for (const { id, gateway } of world.credentials) {
      const current = seen.credentials.find((credential) => credential.id === id)?.current;
      if (current) return { gateway, slot: current.slot };
    }
    await sleep(500);
  }
}
