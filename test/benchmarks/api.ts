/** The local API, which checks each signature, beside a bare server that reads the request and answers at once. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pMap from 'p-map';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { paths } from '../../core/contract/paths.ts';
import type { Identity } from '../../local/aws/identities.ts';
import { operatorClient } from '../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { send, signed } from '../local/aws/sigv4.ts';
import { type Contender, inTurn, timed } from './in-turn.ts';
import type { Figure, Options, Section } from './section.ts';
import { figureOf } from './spread.ts';

const AT_ONCE = [1, 8, 64];
/** Pairs of ADD and DEL in each sample. */
const PAIRS = 64;
const POOL = 'api';

export const api: Section = {
  name: 'api',
  what: 'pairs of ADD and DEL, signed, over HTTP to the local API, its functions and DynamoDB Local, beside the same requests to a server that answers at once',
  async run(options) {
    const stack = await startStack({ onProgress: options.progress });
    const bare = await bareServer();
    try {
      // What was released can be had at once: the same slots are proposed again and again.
      const body = { name: POOL, blockSize: PAIRS, cooldownSeconds: 0, ranges: [[{ subnet: '10.80.0.0/16' }]] };
      await operatorClient(stack.endpoint, stack.region, stack.operator).ask('createPool', { body });
      return await measured(stack, bare, options);
    } finally {
      await bare.stop();
      await stack.stop();
    }
  },
};

async function measured(stack: LocalStack, bare: BareServer, { quick, progress }: Options): Promise<Figure[]> {
  const client = clientOf(stack, stack.nodes[0]);
  const first = await client.add(stack.endpoint, 'first');
  bare.answer = JSON.stringify(first);
  const pairs = quick ? 8 : PAIRS;
  const figures: Figure[] = [];
  for (const atOnce of AT_ONCE) {
    const many = (name: string, pair: (n: number) => Promise<unknown>): Contender => ({
      name: `${name}, ${atOnce} at once`,
      once: async () => (await timed(() => pMap(Array(pairs).keys(), pair, { concurrency: atOnce }))) / pairs,
    });
    const [ours, theirs] = await inTurn(
      [
        many('ADD and DEL, a pair', async (n) => {
          const slot = await client.pair(stack.endpoint, first, n);
          if (slot !== n) throw new Error(`slot ${n} was proposed, and ${slot} given: that is no warm ADD`);
        }),
        many('a server that answers at once', (n) => client.pair(bare.endpoint, first, n)),
      ],
      { rounds: quick ? 2 : 15, warmUp: quick ? 1 : 5, progress },
    );
    if (ours && theirs) figures.push(figureOf(ours, theirs, 'ms'));
  }
  return figures;
}

/** Asks as a warm node does: it proposes a slot of a block that it joined. */
function clientOf({ region }: LocalStack, identity: Identity) {
  let nonces = 0;
  const ask = async (endpoint: string, path: string, request: object): Promise<unknown> => {
    const headers = { host: new URL(endpoint).host, 'content-type': 'application/json' };
    const body = JSON.stringify(request);
    const answer = await send(endpoint, signed(identity, { method: 'POST', path, region, headers, body }));
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  const about = (container: string) => {
    nonces += 1;
    return {
      attachment: { network: 'n', containerId: container, ifname: 'eth0' },
      nonce: nonces.toString(16).padStart(32, '0'),
    };
  };
  const asking = { attempt: 1, boot: 'boot-1', pool: { name: POOL } };
  return {
    add: (endpoint: string, container: string) =>
      ask(endpoint, paths.allocate.path, { ...about(container), ...asking }) as Promise<AllocateResult>,
    /**
     * The slot that was given.
     * @param n the slot that is proposed, of another block than the first container's
     */
    async pair(endpoint: string, { slot: { pool }, blocks, incarnation }: AllocateResult, n: number): Promise<number> {
      const slot = { pool, block: blocks.at(-1)?.block ?? '', slot: n };
      const lease = about(`c${n}`);
      const answer = await ask(endpoint, paths.allocate.path, { ...lease, ...asking, proposal: slot, incarnation });
      await ask(endpoint, paths.release.path, { ...lease, slot, acknowledged: true });
      return (answer as AllocateResult).slot.slot;
    },
  };
}

type BareServer = Awaited<ReturnType<typeof bareServer>>;

async function bareServer() {
  const bare = { answer: '{}', endpoint: '', stop: async () => {} };
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    const length = Buffer.byteLength(bare.answer);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length }).end(bare.answer);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  bare.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  bare.stop = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  return bare;
}
