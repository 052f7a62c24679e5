import { app } from '@azure/functions';

/** What a consumer stored and runs. */
app.http('report-adoption', {
  methods: ['PUT'],
  route: 'v1/credentials/{id}/adoption',
  authLevel: 'anonymous',
  handler: async (request, context) => {
    const { answer } = await import('../shared/engine/wire.ts');
    return answer('report', request, context);
  },
});
