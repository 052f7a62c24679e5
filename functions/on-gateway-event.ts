import { app } from '@azure/functions';

/** A gateway's token nears expiry or expired, or a gateway was created or deleted: asks for a reconcile. */
app.eventGrid('on-gateway-event', {
  handler: async (event, context) => {
    const { takeEvent } = await import('../shared/engine/wire.ts');
    return takeEvent(event, context);
  },
});
