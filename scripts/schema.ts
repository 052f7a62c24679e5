import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { CONFIG_SCHEMA } from '../shared/engine/config-schema.ts';

/** Writes `keyturn.schema.json`, which editors use. A test checks that it is current. */
const FILE = 'keyturn.schema.json';

writeFileSync(FILE, JSON.stringify(z.toJSONSchema(CONFIG_SCHEMA, { io: 'input' })));
execFileSync('npx', ['oxfmt', FILE], { stdio: 'inherit' });
