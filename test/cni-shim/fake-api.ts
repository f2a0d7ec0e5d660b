/**
 * An API that answers plugins: the contract over one pool for each network, in memory, with every request verified by
 * AWS's own signer and kept for inspection. A test may decide what happens to a request.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod/mini';
import {
  type AllocateRequest,
  type AllocateResult,
  allocateRequest,
  type PoolDefinition,
  poolPolicy,
  type ReleaseRequest,
  type ReleaseResult,
  releaseRequest,
} from '../../core/contract/messages.ts';
import { LessorError, problemBody } from '../../core/contract/problems.ts';
import { blockToText, poolSpace } from '../../core/pool-space.ts';
import { resolveRangeSets } from '../../core/range.ts';

export const REGION = 'eu-central-1';
const BLOCK_SIZE = 64;

export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const identity: Identity = {
  accessKeyId: 'AKIDTESTTESTTESTTEST',
  secretAccessKey: 'secret/that+must/never+be/seen/anywhere0',
  sessionToken: 'token-that-must-never-be-seen-anywhere==',
};

/** What becomes of a request: answered, answered otherwise, carried out with its answer lost (at once, or never coming), or kept waiting. */
export type Fate =
  | 'answer'
  | 'lose'
  | 'hang'
  | 'lose-and-hang'
  | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };

export interface Received {
  readonly path: string;
  readonly body: AllocateRequest | ReleaseRequest;
}

interface Lease {
  readonly owner: string;
  readonly nonce: string;
}

interface Pool {
  readonly definition: PoolDefinition;
  readonly leases: Map<string, Lease>;
}

export class FakeApi {
  readonly received: Received[] = [];
  /** Consulted before each request is carried out. */
  fate: (request: Received) => Fate | Promise<Fate> = () => 'answer';
  incarnation = 1;
  identity = identity;
  readonly #pools = new Map<string, Pool>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #waiting: (() => void)[] = [];
  #carriedOut = 0;

  static async start(): Promise<FakeApi> {
    const api = new FakeApi();
    await new Promise<void>((listening) => api.#server.listen(0, '127.0.0.1', listening));
    return api;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  /** Resolves once `count` requests have arrived. */
  async arrived(count: number): Promise<void> {
    while (this.received.length < count) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  /** Resolves once `count` requests have had their effect. */
  async carriedOut(count: number): Promise<void> {
    while (this.#carriedOut < count) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  allocations(): AllocateRequest[] {
    return this.received.filter(({ path }) => path === '/v1/leases').map(({ body }) => body as AllocateRequest);
  }

  releases(): ReleaseRequest[] {
    return this.received.filter(({ path }) => path === '/v1/releases').map(({ body }) => body as ReleaseRequest);
  }

  /** `<slot in the pool>` → owner, of a network's pool. */
  leases(network: string): ReadonlyMap<string, Lease> {
    return this.#pools.get(network)?.leases ?? new Map();
  }

  /** Has somebody else hold a slot of the pool. */
  occupy(network: string, ordinal: number): void {
    this.#pools.get(network)?.leases.set(String(ordinal), { owner: 'another node', nonce: 'x' });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const path = request.url ?? '';
    const reply = (status: number, body: string, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    if (!(await this.#isSigned(request, text))) return void reply(403, '{"message":"Forbidden"}');
    const received = { path, body: JSON.parse(text) as AllocateRequest };
    this.received.push(received);
    for (const wake of this.#waiting.splice(0)) wake();
    const fate = await this.fate(received);
    if (typeof fate === 'object') return void reply(fate.status, fate.body, fate.headers);
    if (fate === 'hang') return;
    try {
      const result =
        path === '/v1/leases'
          ? this.#allocate(allocateRequest.parse(received.body))
          : this.#release(releaseRequest.parse(received.body));
      this.#carriedOut++;
      for (const wake of this.#waiting.splice(0)) wake();
      if (fate === 'lose') return void response.destroy();
      if (fate === 'lose-and-hang') return;
      reply(200, JSON.stringify(result));
    } catch (error) {
      if (!(error instanceof LessorError)) throw error;
      const body = problemBody(error, 'request-1');
      reply(body.status, JSON.stringify(body), { 'content-type': 'application/problem+json' });
    }
  }

  async #isSigned(request: IncomingMessage, body: string): Promise<boolean> {
    const { authorization = '', host = '' } = request.headers;
    const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? [];
    const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
    const signer = new SignatureV4({
      credentials: this.identity,
      region: REGION,
      service: 'execute-api',
      sha256: Sha256,
      applyChecksum: false,
    });
    const date = String(request.headers['x-amz-date']).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
    const signed = await signer.sign(
      new HttpRequest({
        method: request.method ?? '',
        protocol: 'http:',
        hostname: host,
        path: request.url ?? '',
        headers,
        body,
      }),
      { signingDate: new Date(date) },
    );
    return signed.headers.authorization === authorization;
  }

  #allocate({ attachment, nonce, pool: { name, ranges = [] }, proposal, attempt }: AllocateRequest): AllocateResult {
    const pool = this.#pool(name, ranges);
    const space = poolSpace(pool.definition);
    const owner = `${attachment.containerId}@${attachment.ifname}`;
    const own = [...pool.leases].find(([, lease]) => lease.owner === owner && lease.nonce === nonce)?.[0];
    const asked = proposal && Number(BigInt(`0x${proposal.block}`)) * BLOCK_SIZE + proposal.slot;
    const free = (ordinal: number) =>
      space.isUsable(BigInt(Math.floor(ordinal / BLOCK_SIZE)), ordinal % BLOCK_SIZE) &&
      !pool.leases.has(String(ordinal));
    let ordinal = own !== undefined && attempt > 1 ? Number(own) : asked;
    const refused = ordinal !== undefined && !free(ordinal) && String(ordinal) !== own ? ordinal : undefined;
    if (ordinal === undefined || refused !== undefined) {
      let next = 0;
      while (next < space.slots && !free(next)) next++;
      ordinal = next < space.slots ? next : undefined;
    }
    if (ordinal === undefined)
      throw new LessorError('pool.exhausted', `pool ${name} has no free address: give it more ranges`);
    pool.leases.set(String(ordinal), { owner, nonce });
    const [block, slot] = [BigInt(Math.floor(ordinal / BLOCK_SIZE)), ordinal % BLOCK_SIZE];
    return {
      slot: { pool: pool.definition.id, block: blockToText(block), slot },
      addresses: space.addresses(block, slot),
      incarnation: this.incarnation,
      blocks: Array.from({ length: Math.min(4, Number(space.blocks)) }, (_, index) => ({
        block: index.toString(16),
        generation: 1,
      })),
      pool: pool.definition,
      ...(refused === undefined
        ? {}
        : { taken: [{ block: Math.floor(refused / BLOCK_SIZE).toString(16), slots: [refused % BLOCK_SIZE] }] }),
    };
  }

  #release({ attachment, nonce, slot }: ReleaseRequest): ReleaseResult {
    const pool = this.#pools.get(attachment.network);
    const owner = `${attachment.containerId}@${attachment.ifname}`;
    const held: NonNullable<ReleaseResult['held']> = [];
    const released: ReleaseResult['released'] = [];
    for (const [ordinal, lease] of pool?.leases ?? []) {
      if (pool === undefined || lease.owner !== owner) continue;
      const block = Math.floor(Number(ordinal) / BLOCK_SIZE).toString(16);
      const found = { pool: pool.definition.id, block, slot: Number(ordinal) % BLOCK_SIZE };
      if (nonce === undefined) held.push({ slot: found, nonce: lease.nonce });
      if (lease.nonce !== nonce) continue;
      pool.leases.delete(ordinal);
      released.push(slot ?? found);
    }
    return nonce === undefined ? { released, held } : { released };
  }

  #pool(name: string, ranges: NonNullable<AllocateRequest['pool']['ranges']>): Pool {
    const resolved = resolveRangeSets(ranges);
    if (!resolved.ok) throw new LessorError('request.invalid', resolved.problem);
    const known = this.#pools.get(name);
    if (known !== undefined) {
      if (JSON.stringify(known.definition.ranges) !== JSON.stringify(resolved.ranges))
        throw new LessorError('pool.conflict', `pool ${name} exists with other ranges: use another name`);
      return known;
    }
    const definition: PoolDefinition = {
      id: (this.#pools.size + 1).toString(16).padStart(16, '0'),
      vrf: 'default',
      name,
      affinity: 'shared',
      ranges: resolved.ranges,
      blockSize: BLOCK_SIZE,
      ...z.parse(poolPolicy, { cooldownSeconds: 60 }),
      gateway: 'pool',
      createdAt: new Date().toISOString(),
    };
    const pool = { definition, leases: new Map<string, Lease>() };
    this.#pools.set(name, pool);
    return pool;
  }
}
