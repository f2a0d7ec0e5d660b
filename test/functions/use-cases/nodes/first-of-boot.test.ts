import { describe, expect, it } from 'vitest';
import { reasonToRelease } from '../../../../cni-shim/sync/reconcile-decision.ts';
import { type Boots, bootsAfter } from '../../../../core/protocol/node.ts';
import { ownLeases } from '../../../../functions/use-cases/leases/own-leases.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { add, addOf, attachmentOf, callOf, operatorsPool, proposal, world } from '../../world.ts';

const named = { vrf: 'default', name: 'blue' };

/** A node of a shared pool, and what the service tells it of its boot. */
async function node() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 64, blockSize: 16 });
  /** An ADD of that boot arrives. */
  const arrives = (container: number, boot: string) =>
    add(here.environment(), 'i-1', addOf(container, { pool: named, boot, proposal: proposal(pool, 0, container) }));
  const told = () => ownLeases(here.environment(), callOf('i-1'), undefined);
  const dies = () =>
    declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'wrongly', alsoIfAlive: true });
  return { arrives, told, dies };
}

describe('the first life of a boot', () => {
  it('is the life that a reboot began', async () => {
    const { arrives, told } = await node();
    await arrives(1, 'boot-1');
    expect(await told()).toMatchObject({ boot: 'boot-1', incarnation: 1, firstOfBoot: 1 });
    await arrives(2, 'boot-2');
    expect(await told()).toMatchObject({ boot: 'boot-2', incarnation: 2, firstOfBoot: 2 });
  });

  it('stays while a node is declared dead wrongly and goes on', async () => {
    const { arrives, told, dies } = await node();
    await arrives(1, 'boot-1');
    await arrives(2, 'boot-2');
    await dies();
    await arrives(3, 'boot-2');
    expect(await told()).toMatchObject({ boot: 'boot-2', incarnation: 3, firstOfBoot: 2 });
  });

  it('stays when late requests of earlier boots come between, so that no lease of a living container counts as an earlier boot’s', async () => {
    const { arrives, told } = await node();
    await arrives(1, 'boot-1');
    await arrives(2, 'boot-2');
    await arrives(3, 'boot-3');
    for (const [container, late] of [
      [4, 'boot-1'],
      [5, 'boot-2'],
    ] as const) {
      await arrives(container, late);
      expect((await told()).boot).toBe(late);
    }
    await arrives(6, 'boot-3');
    const { leases, ...own } = await told();
    expect(own).toMatchObject({ boot: 'boot-3', incarnation: 6, firstOfBoot: 3 });
    const living = leases.filter(({ attachment }) => attachment.containerId === attachmentOf(3).containerId);
    expect(living).toHaveLength(1);
    const released = leases.filter(
      (lease) => reasonToRelease(lease, [], { firstOfBoot: own.firstOfBoot }) === 'of an earlier boot',
    );
    expect(released.map(({ attachment }) => attachment.containerId).sort()).toEqual(['container-1', 'container-2']);
  });

  it('is known of the last boots, and of none that is long over', () => {
    let node: { incarnation: number } & Boots = { incarnation: 1, boot: 'boot-1', firstOfBoot: 1, earlier: [] };
    for (let life = 2; life <= 6; life += 1) {
      node = { incarnation: life, ...bootsAfter(node, `boot-${life}`) };
      expect(node.firstOfBoot).toBe(life);
    }
    expect(node.earlier.map(({ boot }) => boot)).toEqual(['boot-5', 'boot-4', 'boot-3', 'boot-2']);
    expect(bootsAfter(node, 'boot-2').firstOfBoot).toBe(2);
    expect(bootsAfter(node, 'boot-1').firstOfBoot).toBe(7);
  });
});
