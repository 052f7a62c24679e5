import type { ReadGatewayEvent } from '../ports.ts';
import { type Authorize, openAuthorize } from './authorize.ts';
import type { Context } from './context.ts';
import { gatewayEventDoor } from './events.ts';
import type { Door } from './http.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { watchSweeps } from './late-sweep.ts';
import { takeMessage } from './messages.ts';
import { operateDoor } from './operate.ts';
import { pullDoor } from './pull.ts';
import { reportDoor } from './report.ts';
import { statusDoor } from './status.ts';
import { sweep } from './sweep.ts';

/** Everything the functions can ask for, with the memory of one process behind it. */
export interface App {
  readonly doors: Readonly<Record<'pull' | 'report' | 'status' | 'operate', Door>>;
  sweep(): Promise<void>;
  take(message: unknown): Promise<void>;
  receive(event: unknown): Promise<void>;
}

export function openApp(context: Context, keys: IssuerKeys, read: ReadGatewayEvent): App {
  const watch = watchSweeps(context);
  const verify = openAuthorize(keys, context.ports.nowMs);
  const authorize: Authorize = async (call, configuration) => {
    const principal = await verify(call, configuration);
    await watch();
    return principal;
  };
  const receive = gatewayEventDoor(context, read);
  return {
    doors: {
      pull: pullDoor(context, authorize),
      report: reportDoor(context, authorize),
      status: statusDoor(context, authorize),
      operate: operateDoor(context, authorize),
    },
    sweep: () => sweep(context),
    take: (message) => takeMessage(context, message),
    async receive(event) {
      await receive(event);
      await watch();
    },
  };
}
