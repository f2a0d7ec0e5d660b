/** `lessorctl __complete WORDS`, which the scripts of shells call: candidates, a line each, with what they are behind a tab. */
import { openSession } from '../session/session.ts';
import type { Shell } from '../shell/shell.ts';
import { type AskNames, candidates } from './completion.ts';

/** Somebody is typing: what is not there by then is left out. */
const PATIENCE = { attempt: 2_000, total: 2_000 };

export async function complete(shell: Shell, words: readonly string[]): Promise<number> {
  const askNames: AskNames = async (kind, options) => {
    const { service, target } = openSession(shell, options, false, PATIENCE);
    const ask = async () => {
      const [api, { vrf }] = [await service(), await target()];
      if (kind === 'pool')
        return (await api.ask('listPools', { query: { vrf, limit: '100' } })).pools.map(({ name }) => name);
      if (kind === 'vrf') return (await api.ask('listVrfs', { query: { limit: '100' } })).vrfs.map((one) => one.vrf);
      return (await api.ask('listNodes', { query: { limit: '100' } })).nodes.map(({ node }) => node);
    };
    return ask().catch(() => []);
  };
  const found = await candidates(words, askNames);
  shell.print(found.map(({ text, help }) => `${text}${help === undefined ? '' : `\t${help}`}\n`).join(''));
  return 0;
}
