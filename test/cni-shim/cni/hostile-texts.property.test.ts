/** What a pod's author writes reaches logs, events and terminals in lines that can be shown. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { askedByPod } from '../../../cni-shim/cni/annotations.ts';
import { parseInvocation } from '../../../cni-shim/cni/environment.ts';
import { cniError } from '../../../cni-shim/cni/result.ts';
import { eventLog } from '../../../cni-shim/kubernetes/events.ts';
import { nodeObject } from '../../../cni-shim/kubernetes/node-object.ts';
import { LessorError } from '../../../core/contract/problems.ts';

/** Control characters, and marks that turn the direction of what follows. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const HOSTILE = '\u001b[31m\u009b2J\u202Egreen\u2066\u0000\r\nlevel=error msg="forged"';

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom(HOSTILE, `{${HOSTILE}`, JSON.stringify({ pods: HOSTILE }), HOSTILE.repeat(1_000)),
);
const keys = fc.constantFrom(
  'lessor.dev/pools',
  'lessor.dev/addresses',
  'lessor.dev/identity',
  `lessor.dev/${HOSTILE}`,
);

function shownOf(run: () => unknown): readonly string[] {
  try {
    run();
    return [];
  } catch (error) {
    const { msg, details } = cniError(error, '1.0.0');
    return [msg, details];
  }
}

describe('what the plugin prints', () => {
  test('of annotations, whatever they hold, is a line that can be shown, and short', () => {
    fc.assert(
      fc.property(fc.dictionary(keys, fc.oneof(texts, fc.jsonValue()), { minKeys: 1 }), (annotations) => {
        for (const text of shownOf(() => askedByPod(annotations, undefined, 'pods'))) {
          expect(text).not.toMatch(UNSEEN);
          expect(text.length).toBeLessThan(600);
        }
      }),
    );
  });

  test('of CNI_ARGS too', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const env = {
          CNI_CONTAINERID: 'c1',
          CNI_IFNAME: 'eth0',
          CNI_NETNS: '/n',
          CNI_ARGS: `K8S_POD_NAME=${text};${text}=a`,
        };
        for (const shown of shownOf(() => parseInvocation('ADD', env))) expect(shown).not.toMatch(UNSEEN);
      }),
    );
  });

  test('would not be one by JSON alone: such a printer is found out', () => {
    expect(JSON.stringify(HOSTILE)).toMatch(UNSEEN);
  });

  test('says what was written, so that it is found', () => {
    const [msg] = shownOf(() => askedByPod({ 'lessor.dev/identity': 'vm\u202e1' }, undefined, 'pods'));
    expect(msg).toBe('lessor: annotation lessor.dev/identity "vm\\u202e1" is no identity');
  });

  test('of what a server wrote is shown too', () => {
    const [msg, details] = shownOf(() => {
      throw new LessorError('service.fault', HOSTILE, { remedy: HOSTILE });
    });
    expect([msg, details].join('')).not.toMatch(UNSEEN);
    expect(msg).toContain('green');
  });
});

describe('what Kubernetes is told', () => {
  function taking() {
    const bodies: string[] = [];
    const ask = async ({ body }: { body?: unknown }) => {
      bodies.push(JSON.stringify(body));
      const object = { count: 1, metadata: { resourceVersion: '1' } };
      return { kind: 'done', object } as const;
    };
    return {
      api: { ask },
      messages: () =>
        bodies
          .map((one) => /"message":("(?:[^"\\]|\\.)*")/.exec(one)?.[1] ?? '""')
          .map((one) => JSON.parse(one) as string),
    };
  }

  test('in a pod’s events is a line that can be shown', async () => {
    const { api, messages } = taking();
    const events = eventLog(api as never, 'node-1', () => 0);
    const about = { kind: 'Pod', name: 'web', namespace: 'shop' } as const;
    events.note({ about, type: 'Warning', reason: 'AddressRefused', message: HOSTILE.repeat(100), at: 0 });
    await events.send();
    const [message = ''] = messages();
    expect(message).not.toMatch(UNSEEN);
    expect(message).toContain('green');
    expect(message.length).toBeLessThanOrEqual(1_024);
  });

  test('in the node’s condition is one too', async () => {
    const { api, messages } = taking();
    const before = { uid: undefined, resourceVersion: '1', taints: [], condition: undefined };
    const condition = { status: 'True', reason: 'PoolFull', message: HOSTILE } as const;
    await nodeObject(api as never, 'node-1').setCondition(condition, before, 0);
    expect(messages()[0]).toContain('green');
    expect(messages()[0]).not.toMatch(UNSEEN);
  });
});
