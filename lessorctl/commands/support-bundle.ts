/** `lessorctl support-bundle`. */
import { LessorError } from '../../core/contract/problems.ts';
import { CONTRACT, contractText } from '../../core/contract/version.ts';
import { jsonText } from '../print/formats.ts';
import { verbatimPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { ofEach } from './each-pool.ts';
import { gathered } from './pages.ts';

/** Of the audit, in milliseconds. */
const LATELY = 24 * 3_600_000;

export const supportBundle = command({
  about: `Pools with their use by the counters, nodes, deaths, and the audit of the last day, as one JSON document. It has no credentials
and no leases; AWS accounts are masked. Read it before you send it: names of pools, namespaces and nodes are in it. What could not
be read is in it as an error.`,
  arguments: {},
  options: {},
  examples: [{ line: 'support-bundle > bundle.json', does: 'A file for whoever helps you' }],
  async run(_, { service, target, shell, progress }) {
    const [api, { endpoint, region, vrf }] = [await service(), await target()];
    const now = shell.now();
    const part = <T>(read: () => Promise<T>) => read().catch(errorOf);
    const pools = async () => {
      const list = await gathered(
        api.pages('listPools', { query: { vrf, limit: '100' } }),
        (page) => page.pools,
        progress,
        'pools',
      );
      const usage = await ofEach(list, ({ name }) =>
        api.ask('usage', { path: { pool: name }, query: { vrf, cheap: 'true' } }),
      );
      return list.map((pool) => ({ ...pool, usage: usage.find((one) => one.pool === pool.name) }));
    };
    const from = new Date(now - LATELY).toISOString();
    const document = masked({
      at: new Date(now).toISOString(),
      contract: contractText(CONTRACT),
      endpoint,
      region,
      vrf,
      pools: await part(pools),
      nodes: await part(() =>
        gathered(api.pages('listNodes', { query: { limit: '100' } }), (page) => page.nodes, progress, 'nodes'),
      ),
      deaths: await part(async () => (await api.ask('listDeaths', { query: { limit: '100' } })).deaths),
      audit: await part(() =>
        gathered(api.pages('audit', { query: { from } }), (page) => page.entries, progress, 'entries of the audit'),
      ),
    });
    return { document, names: [], view: () => [verbatimPart(jsonText(document))] };
  },
});

/** One part that is refused must not keep the others away. */
function errorOf(error: unknown): { readonly error: string } {
  if (error instanceof LessorError) return { error: `${error.code}: ${error.message}` };
  throw error;
}

/** Without the accounts in ARNs and in names of nodes: in texts and keys, for a number may have as many digits. */
const masked = (document: unknown): unknown =>
  JSON.parse(JSON.stringify(document).replace(/"(?:[^"\\]|\\.)*"/g, (text) => text.replace(ACCOUNT, '************')));
const ACCOUNT = /(?<![0-9a-zA-Z.-])\d{12}(?![0-9a-zA-Z.-])/g;
