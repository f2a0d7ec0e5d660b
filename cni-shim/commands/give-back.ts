/** `lessor give-back`. */
import { recordsIn } from '../sync/data-directories.ts';
import { type BlockGivenBack, giveBackBlock } from '../sync/give-back-block.ts';
import { accessJournals } from '../sync/node-access.ts';
import { command } from './command.ts';
import { jsonOption, nodeOptions } from './options.ts';

export const givingBack = command({
  about: `Gives one block back, so that another node may have it: the same as the node does by itself once a block is empty and it
has room elsewhere. It is refused while an attachment, or what is still to be released, has a slot of the block. The service
keeps a block of which it has an address as held. The node claims another block when it needs one.`,
  operands: [
    { name: 'POOL', help: 'the name of the pool, or its id' },
    { name: 'BLOCK', help: 'the block, as lessor status lists it' },
  ],
  options: {
    ...nodeOptions,
    ...jsonOption,
    'dry-run': { kind: 'flag', help: 'change and tell nothing: show whether it could be given back' },
  },
  async run(
    { config, 'data-dir': dataDirs, json, 'dry-run': dryRun },
    { surroundings, terminal },
    [pool = '', block = ''],
  ) {
    const access = accessJournals(surroundings, { config, dataDirs });
    const given = await giveBackBlock(access, recordsIn(access), { pool, block }, dryRun);
    terminal.print(json ? `${JSON.stringify({ dryRun, ...given }, undefined, 2)}\n` : inWords(given));
    return 0;
  },
});

function inWords({ pool, block, outcome }: BlockGivenBack): string {
  const what = `Block ${block} of pool ${pool}`;
  if (outcome === undefined) return `${what} is not used here, and can be given back.\n`;
  return outcome === 'released'
    ? `${what} is given back.\n`
    : `${what} stays this node's: the service has an address of it as held. See lessor reconcile.\n`;
}
