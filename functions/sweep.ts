import { app } from '@azure/functions';

/** Finds what is due and queues it. */
app.timer('sweep', {
  schedule: '%KEYTURN_SWEEP_SCHEDULE%',
  handler: async (_timer, context) => {
    const { runSweep } = await import('../shared/engine/wire.ts');
    return runSweep(context);
  },
});
