import { app } from '@azure/functions';

/** Looks at one credential and takes one step. */
app.storageQueue('reconcile', {
  queueName: 'keyturn-reconcile',
  connection: 'AzureWebJobsStorage',
  handler: async (message, context) => {
    const { takeMessage } = await import('../shared/engine/wire.ts');
    return takeMessage(message, context);
  },
});
