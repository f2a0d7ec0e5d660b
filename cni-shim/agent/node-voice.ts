/**
 * What Kubernetes is told of this node: a condition and a taint while no address can be had, and events. It has a loop and time of
 * its own, so that no other work of the agent ever waits for the Kubernetes API.
 */
import type { About, Happening } from '../kubernetes/event-object.ts';
import type { EventLog } from '../kubernetes/events.ts';
import type { AddressEvidence } from './address-evidence.ts';
import { conditionAndTaint, type Keeping } from './condition-and-taint.ts';
import type { KubernetesStatus } from './kubernetes-status.ts';
import type { KubernetesTrouble } from './kubernetes-trouble.ts';

export interface VoiceParts extends Keeping {
  /** As the cluster calls this node. */
  readonly name: string;
  readonly events: EventLog;
  readonly trouble: KubernetesTrouble;
  readonly evidence: () => Promise<AddressEvidence>;
  readonly happenings: (node: About) => readonly Happening[];
}

export interface NodeVoice {
  /** What is due now. @throws LessorError `node.storage` */
  look(): Promise<void>;
  /** It is told to stop: what it set goes, since nobody might take it away. False where the taint may have stayed. */
  end(): Promise<boolean>;
  readonly status: KubernetesStatus;
}

/** Between two looks, which read the node's own files and ask for nothing where nothing is due. */
export const LOOK_MS = 2_000;

export function nodeVoice(parts: VoiceParts): NodeVoice {
  const { name, events, trouble, now } = parts;
  const kept = conditionAndTaint(parts);
  return {
    async look() {
      kept.decide(await parts.evidence());
      const node = { kind: 'Node', name, uid: kept.uid() ?? name } as const;
      for (const happening of parts.happenings(node)) events.note(happening);
      if (trouble.isIt('node')) {
        const said = await kept.say();
        if (said === 'said') trouble.well('node');
        else if (said !== 'changed meanwhile') trouble.failed('node', said);
      }
      const turned = kept.turned();
      if (turned !== undefined) events.note({ ...turned, about: node, at: now() });
      if (!trouble.isIt('events')) return;
      const sent = await events.send();
      if (sent.kind === 'done') trouble.well('events');
      if (sent.kind === 'refused' || sent.kind === 'unanswered') trouble.failed('events', sent);
    },
    end: kept.end,
    get status() {
      const why = trouble.why();
      const troubled = why === undefined ? {} : { trouble: why };
      return { node: name, ...kept.status(), events: { ...events.counts }, ...troubled };
    },
  };
}
