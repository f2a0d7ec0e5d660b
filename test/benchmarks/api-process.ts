/** The API for a benchmark in a process of its own, so that it answers while the measured process has the other processor. */
import { FakeApi } from '../cni-shim/fake-api.ts';

/** What was released can be had again after a second: there are few slots. */
const POOL = { affinity: 'node', leasing: 'delegated', cooldownSeconds: 0 } as const;

const api = await FakeApi.start();
api.verifies = false;
api.knowsBatches = true;
api.createPool('delegated', [[{ subnet: '10.2.0.0/16' }]], POOL);
process.stdout.write(`${JSON.stringify({ endpoint: api.endpoint, identity: api.identity })}\n`);
// Whoever started it is gone when its end of the pipe is.
process.stdin.resume().once('end', () => process.exit(0));
