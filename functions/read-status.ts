import { app } from '@azure/functions';

/** All credentials, one, and one's history: state and findings, without any value. */
app.http('read-status', {
  methods: ['GET'],
  route: 'v1/status/{*path}',
  authLevel: 'anonymous',
  handler: async (request, context) => {
    const { answer } = await import('../shared/engine/wire.ts');
    return answer('status', request, context);
  },
});
