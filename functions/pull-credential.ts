import { app } from '@azure/functions';

/** The current value for a consumer. */
app.http('pull-credential', {
  methods: ['GET'],
  route: 'v1/credentials/{id}',
  authLevel: 'anonymous',
  handler: async (request, context) => {
    const { answer } = await import('../shared/engine/wire.ts');
    return answer('pull', request, context);
  },
});
