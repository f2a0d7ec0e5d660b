/** Containers of nodes that get an address on the local stack, each another one. */
import { expect } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import type { LocalStack } from '../../../local/stack/stack.ts';
import { askAt } from '../../support/asking.ts';

export function leasing(stack: () => LocalStack): (node: Identity, pool?: string) => Promise<void> {
  let containers = 0;
  return async (node, pool = 'blue') => {
    containers += 1;
    const answer = await askAt(stack(), node, 'POST', routes.allocate.path, {
      attachment: { network: 'n', containerId: `c${containers}`, ifname: 'eth0' },
      nonce: containers.toString(16).padStart(32, '0'),
      attempt: 1,
      boot: 'boot-1',
      pool: { name: pool },
    });
    expect(answer.status).toBe(200);
  };
}
