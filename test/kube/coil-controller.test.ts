import { after, before, describe } from 'node:test';
import { ApiServer } from './api-server.ts';
import { kubeMissing } from './kube-binary.ts';
import { kubeCases } from './kube-cases.ts';
import { leadershipCases } from './leadership-cases.ts';
import { metricsCases } from './metrics-cases.ts';
import { nodeCases } from './node-cases.ts';
import { podCases } from './pod-cases.ts';
import { podUidCases } from './pod-uid-cases.ts';

describe('coil-controller at a real API server', { skip: kubeMissing() }, () => {
  let server: ApiServer;
  before(async () => {
    server = await ApiServer.start();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });
  describe('side by side', { concurrency: 4 }, () => {
    leadershipCases(() => server);
    kubeCases(() => server);
    podCases(() => server);
    podUidCases(() => server);
    metricsCases(() => server);
  });
  // these crash the API server
  describe('one after the other', () => nodeCases(() => server));
});
