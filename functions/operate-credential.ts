import { app } from '@azure/functions';

/** plan, rotate, hold, release, revoke. */
app.http('operate-credential', {
  methods: ['POST'],
  route: 'v1/operations/{id}/{operation}',
  authLevel: 'anonymous',
  handler: async (request, context) => {
    const { answer } = await import('../shared/engine/wire.ts');
    return answer('operate', request, context);
  },
});
