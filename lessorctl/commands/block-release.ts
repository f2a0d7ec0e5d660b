/** `lessorctl block release`. */
import type { BlockRow } from '../../core/contract/blocks.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { changed, freeingOptions } from './change.ts';
import { nodeMeant } from './node-meant.ts';
import { nodeRunner } from './on-node.ts';

export const blockRelease = command({
  about: `So that another node may have it. The node that owns it gives it back itself, and refuses while an address of the block is
used there: lessor give-back is run in the agent's pod, through kubectl. On a node without that pod run it by hand. The service
keeps a block of which it has an address as held. Blocks of a dead node are taken back once its death is declared.`,
  arguments: {
    pool: { help: 'the pool', kind: 'pool' },
    block: { help: 'the block, or one of its prefixes, as lessorctl blocks lists them' },
  },
  options: freeingOptions,
  examples: [
    { line: 'block release routed 1f --dry-run', does: 'See whether a block can be given back' },
    { line: 'block release routed 10.8.7.192/26', does: 'Give a block back' },
  ],
  async run({ pool, block: named, 'dry-run': dryRun, yes }, session) {
    const row = await blockMeant(session, pool, named);
    const { block, node: owner } = row;
    if (row.state !== 'claimed' || owner === undefined) throw notOwned(pool, row);
    const node = await nodeMeant(await session.service(), owner);
    // Its life may have begun in an earlier version, which listed no node.
    if (node?.alive === false) throw ofDeadNode(pool, block, owner);
    const name = node?.name ?? owner;
    const lessor = await nodeRunner(session, { named: owner, name }, `lessor give-back ${pool} ${block}`).catch(
      (error: unknown) => {
        throw error instanceof LessorError ? orDead(error, owner) : error;
      },
    );
    const { vrf } = await session.target();
    // A node may have pools of that name in several VRFs.
    const { id } = await (await session.service()).ask('readPool', { path: { pool }, query: { vrf } });
    const send = async (dry: boolean) => {
      const given = (await lessor(['give-back', id, block, ...(dry ? ['--dry-run'] : [])])) as GivenBack;
      return { effects: [effectOf(pool, row, name, given)], given };
    };
    return changed(session, {
      dryRun,
      asks: { question: `Take block ${block} of pool ${pool} back from node ${name}?`, yes },
      names: [block],
      send,
      documentOf: ({ given }) => ({ ...given, node: owner }),
    });
  },
});

/** As `lessor give-back --json` has it. */
interface GivenBack {
  readonly dryRun: boolean;
  readonly outcome?: 'released' | 'kept';
}

function effectOf(pool: string, { block, prefixes }: BlockRow, name: string, { outcome }: GivenBack): string {
  const what = `block ${block} of pool ${pool} (${prefixes.join(' + ')})`;
  return outcome === 'kept'
    ? `${what} stays node ${name}'s: an address of it is held. See lessorctl check, and lessor reconcile on that node`
    : `${what} is given back by node ${name}, where nothing uses it`;
}

async function blockMeant({ service, target, progress }: Session, pool: string, named: string): Promise<BlockRow> {
  const [api, { vrf }] = [await service(), await target()];
  let looked = 0;
  for await (const { blocks } of api.pages('listBlocks', { path: { pool }, query: { vrf } })) {
    const found = blocks.find(({ block, prefixes }) => block === named || prefixes.includes(named));
    if (found !== undefined) return found;
    looked += blocks.length;
    progress.tell(`${looked} blocks`);
  }
  throw wrong(`pool ${pool} has no block ${named} that was ever claimed`, `see lessorctl blocks ${pool}`);
}

const WHY_NOT = {
  claimed: 'belongs to a node that is not known',
  releasing: 'is being taken back already',
  free: 'belongs to no node: any may claim it',
  sealed: 'is of a pool that is being deleted',
} as const;

const notOwned = (pool: string, { block, state }: BlockRow): LessorError =>
  wrong(`block ${block} of pool ${pool} ${WHY_NOT[state]}`, `see lessorctl blocks ${pool}`);

const ofDeadNode = (pool: string, block: string, owner: string): LessorError =>
  new LessorError('request.invalid', `block ${block} of pool ${pool} is of node ${owner}, whose death is declared`, {
    remedy: `it is taken back within minutes: see lessorctl deaths --node ${owner}`,
  });

/** Nobody answers for the node: it may be gone. */
const orDead = (error: LessorError, owner: string): LessorError =>
  new LessorError(error.code, error.what, {
    remedy: `${error.remedy}; if the node is gone, lessorctl node declare-dead ${owner} --reason ... takes its blocks back`,
    cause: error,
  });
