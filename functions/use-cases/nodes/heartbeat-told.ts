/** A heartbeat of a life that was declared over is told: the node runs, and its addresses are given to others. */
import type { HeartbeatRequest, HeartbeatResult } from '../../../core/contract/heartbeat.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { tell } from '../events.ts';
import { heartbeat } from './heartbeat.ts';

export async function heartbeatTold(
  deps: Dependencies,
  call: Call,
  request: HeartbeatRequest,
): Promise<HeartbeatResult> {
  const result = await heartbeat(deps, call, request);
  const { declaredDead, incarnation } = result;
  const node = call.caller;
  if (!declaredDead || incarnation === undefined) return result;
  const why = `Life ${incarnation} of it was declared over, and its agent says that it is up`;
  const because = 'heard-of-after-death' as const;
  // It says so every ten minutes: it is the same event.
  const detail = { node, incarnation, because, why };
  await tell(deps, call, { type: 'nodeInDoubt', key: [node, incarnation, because], at: deps.now(), detail });
  return result;
}
