import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { CONFIG_SCHEMA } from '../../../shared/engine/config-schema.ts';

it('is written to keyturn.schema.json (npm run schema)', () => {
  const file = new URL('../../../keyturn.schema.json', import.meta.url);
  const written: unknown = JSON.parse(readFileSync(file, 'utf8'));
  expect(written).toEqual(z.toJSONSchema(CONFIG_SCHEMA, { io: 'input' }));
});
