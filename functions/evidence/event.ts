/** EC2's event as EventBridge passes it on: "EC2 Instance State-change Notification" (EC2 user guide, "State change events"). */
import * as z from 'zod/mini';
import { patterns } from '../../core/contract/limits.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { TerminatedEvent } from '../use-cases/evidence/instance-event.ts';

const terminated = z.object({
  id: z.string().check(z.minLength(1), z.maxLength(64)),
  // Nobody but AWS may begin a source so.
  source: z.literal('aws.ec2'),
  'detail-type': z.literal('EC2 Instance State-change Notification'),
  account: z.string().check(z.regex(/^\d{12}$/)),
  region: z.string().check(z.maxLength(32), z.regex(patterns.region)),
  time: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)),
  resources: z.array(z.string()).check(z.maxLength(1)),
  // A slash would name another account's node.
  detail: z.object({
    'instance-id': z.string().check(z.regex(/^i-[0-9a-f]{8,17}$/)),
    state: z.literal('terminated'),
  }),
});

/**
 * @param body the text of a message
 * @throws LessorError request.invalid where it is not that event, or contradicts itself
 */
export function terminatedEvent(body: string): TerminatedEvent {
  const { data } = terminated.safeParse(objectIn(body));
  if (data === undefined) throw refused(body);
  const { id, time, account, region, resources, detail } = data;
  const instance = detail['instance-id'];
  const [resource] = resources;
  // The resource is `arn:aws:ec2:<region>:<account>:instance/<id>`.
  if (resource !== undefined && !resource.endsWith(`:ec2:${region}:${account}:instance/${instance}`))
    throw refused(body);
  return { id, time, account, region, instance };
}

const refused = (body: string): LessorError =>
  new LessorError('request.invalid', `No event of EC2 about one terminated instance: ${body.slice(0, 500)}`, {
    remedy: 'forward the events of EC2 as they are (docs/evidence.md)',
  });

function objectIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
