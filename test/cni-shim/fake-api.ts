/**
 * An API that answers plugins: the contract over pools, in memory, with every request verified by
 * AWS's own signer and kept for inspection. A test may decide what happens to a request.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod/mini';
import { parseAddress } from '../../core/addresses/address.ts';
import { resolveRangeSets } from '../../core/addresses/range.ts';
import { type BatchRequest, type BatchResult, batchRequest } from '../../core/contract/batch.ts';
import type { HeartbeatRequest } from '../../core/contract/heartbeat.ts';
import type { Attachment } from '../../core/contract/ids.ts';
import {
  type AllocateRequest,
  type AllocateResult,
  allocateRequest,
  type ReleaseRequest,
  type ReleaseResult,
  type ReportRequest,
  releaseRequest,
  reportRequest,
} from '../../core/contract/lease.ts';
import type { OwnLeasesResult } from '../../core/contract/nodes.ts';
import { paths } from '../../core/contract/paths.ts';
import { type PoolDefinition, type PoolPolicy, poolPolicy, type RangeText } from '../../core/contract/pool.ts';
import { LessorError, problemBody } from '../../core/contract/problems.ts';
import { type PoolSpace, poolSpace } from '../../core/pools/pool-space.ts';
import { type Rule, selectPools } from '../../core/pools/selection.ts';
import { blockToText } from '../../core/protocol/slot-ref.ts';

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
  readonly body: AllocateRequest | ReleaseRequest | ReportRequest | HeartbeatRequest;
}

interface Lease {
  readonly owner: string;
  /** Undefined where it is another node's. */
  readonly attachment?: Attachment;
  readonly nonce: string;
}

type Definable = Partial<PoolPolicy> & { readonly affinity?: PoolDefinition['affinity'] };

interface Pool {
  readonly definition: PoolDefinition;
  readonly leases: Map<string, Lease>;
}

export class FakeApi {
  readonly received: Received[] = [];
  /** Consulted before each request is carried out. */
  fate: (request: Received) => Fate | Promise<Fate> = () => 'answer';
  incarnation = 1;
  declaredDead = false;
  identity = identity;
  /** False where its own time would be measured. */
  verifies = true;
  /** As a service of before does not. */
  knowsBatches = false;
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

  /** `<slot in the pool>` → owner, of the pool of that name. */
  leases(pool: string): ReadonlyMap<string, Lease> {
    return this.#pools.get(pool)?.leases ?? new Map();
  }

  /** As an operator does. */
  createPool(name: string, ranges: RangeText[][], policy: Definable = {}): void {
    this.#pool({ vrf: 'default', name, ranges }, policy);
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
      response
        .writeHead(status, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...headers,
        })
        .end(body);
    if (this.verifies && !(await this.#isSigned(request, text))) return void reply(403, '{"message":"Forbidden"}');
    const received = { path, body: (request.method === 'GET' ? {} : JSON.parse(text)) as AllocateRequest };
    this.received.push(received);
    for (const wake of this.#waiting.splice(0)) wake();
    const fate = await this.fate(received);
    if (typeof fate === 'object') return void reply(fate.status, fate.body, fate.headers);
    if (fate === 'hang') return;
    try {
      const result = this.#answerTo(received);
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

  #answerTo({ path, body }: Received): unknown {
    if (path === '/v1/leases') return this.#allocate(allocateRequest.parse(body));
    if (path === '/v1/nodes/self') return { declaredDead: this.declaredDead };
    if (path === '/v1/nodes/self/leases') return this.#ownLeases();
    if (path === '/v1/leases/reports') return this.#report(reportRequest.parse(body));
    if (path === '/v1/releases') return this.#release(releaseRequest.parse(body));
    if (path === paths.batch.path && this.knowsBatches) return this.#batch(batchRequest.parse(body));
    throw new LessorError('route.unknown', `${path} is not a route: this is a service of before`);
  }

  #ownLeases(): OwnLeasesResult {
    const { incarnation } = this;
    const leases = [...this.#pools.values()].flatMap(({ definition, leases: all }) =>
      [...all].flatMap(([ordinal, { attachment, nonce }]) => {
        if (attachment === undefined) return [];
        const block = Math.floor(Number(ordinal) / BLOCK_SIZE).toString(16);
        const slot = { pool: definition.id, block, slot: Number(ordinal) % BLOCK_SIZE };
        return [{ slot, attachment, nonce, incarnation, heldAt: new Date().toISOString() }];
      }),
    );
    return { incarnation, leases };
  }

  #report({ slot, nonce, attachment }: ReportRequest) {
    const pool = [...this.#pools.values()].find(({ definition }) => definition.id === slot.pool);
    const ordinal = String(Number.parseInt(slot.block, 16) * BLOCK_SIZE + slot.slot);
    pool?.leases.set(ordinal, { owner: `${attachment.containerId}@${attachment.ifname}`, attachment, nonce });
    return { incarnation: this.incarnation };
  }

  #allocate(request: AllocateRequest): AllocateResult {
    let refusal: LessorError | undefined;
    for (const { pool, rule } of this.#candidates(request)) {
      try {
        const result = request.addresses ? this.#requested(pool, request) : this.#anyOf(pool, request);
        return { ...result, chosenBy: rule };
      } catch (error) {
        if (!(error instanceof LessorError) || error.code !== 'pool.exhausted') throw error;
        refusal ??= error;
      }
    }
    throw refusal ?? new LessorError('pool.unmatched', 'no pool fits: name one');
  }

  #candidates({ pool: wanted, pod, labels = {} }: AllocateRequest): { pool: Pool; rule: Rule }[] {
    if (wanted.ranges) return [{ pool: this.#pool(wanted), rule: 'named' }];
    const ofVrf = [...this.#pools.values()].filter(({ definition }) => definition.vrf === wanted.vrf);
    const named = ofVrf.filter(({ definition }) => definition.name === wanted.name);
    if (wanted.names === undefined && named.length === 0)
      throw new LessorError('pool.unknown', `there is no pool ${wanted.name}: correct the name`);
    const listed = ofVrf.map(({ definition }) => ({ name: definition.name, policy: definition }));
    const { choices } = selectPools(listed, wanted.names ?? [wanted.name], { namespace: pod?.namespace, labels });
    return choices.flatMap(({ pool: { name }, rule }) => {
      const pool = this.#pools.get(name);
      return pool === undefined ? [] : [{ pool, rule }];
    });
  }

  #requested(pool: Pool, { attachment, nonce, addresses = [] }: AllocateRequest): AllocateResult {
    const { definition, leases } = pool;
    const space = poolSpace(definition);
    const owner = `${attachment.containerId}@${attachment.ifname}`;
    const slots = addresses.map((text) => {
      const address = parseAddress(text);
      const found = address && space.find(address);
      if (address === undefined || found === undefined || !space.isUsable(found.block, found.slot))
        throw new LessorError('address.unknown', `${text} cannot be had from pool ${definition.name}: ask for another`);
      return { ...found, ordinal: String(found.block * BigInt(BLOCK_SIZE) + BigInt(found.slot)) };
    });
    if (new Set(slots.map(({ set }) => set)).size < slots.length)
      throw new LessorError('address.unknown', 'one range set is asked twice: ask for one of each');
    for (const { ordinal } of slots) {
      const lease = leases.get(ordinal);
      if (lease !== undefined && lease.nonce !== nonce)
        throw new LessorError('address.held', `it is held by ${lease.owner}: it can be had when that one ends`);
    }
    for (const { ordinal } of slots) leases.set(ordinal, { owner, attachment, nonce });
    const [first, ...further] = [...new Map(slots.map((slot) => [slot.ordinal, slot])).values()];
    if (first === undefined) throw new LessorError('request.invalid', 'addresses is empty: name one');
    const more = further.map(({ block, slot }) => ({ pool: definition.id, block: blockToText(block), slot }));
    const otherwise = space.addresses(first.block, first.slot);
    return {
      ...this.#answer(pool, space, first),
      addresses: otherwise.map((address, set) => {
        const slot = slots.find((one) => one.set === set);
        return (slot && space.addresses(slot.block, slot.slot)[set]) ?? address;
      }),
      ...(more.length === 0 ? {} : { more }),
    };
  }

  #anyOf(pool: Pool, { attachment, nonce, proposal, attempt }: AllocateRequest): AllocateResult {
    const space = poolSpace(pool.definition);
    const owner = `${attachment.containerId}@${attachment.ifname}`;
    const own = [...pool.leases].find(([, lease]) => lease.owner === owner && lease.nonce === nonce)?.[0];
    const asked =
      proposal?.pool === pool.definition.id
        ? Number(BigInt(`0x${proposal.block}`)) * BLOCK_SIZE + proposal.slot
        : undefined;
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
      throw new LessorError('pool.exhausted', `pool ${pool.definition.name} has no free address: give it more ranges`);
    pool.leases.set(String(ordinal), { owner, attachment, nonce });
    const slot = { block: BigInt(Math.floor(ordinal / BLOCK_SIZE)), slot: ordinal % BLOCK_SIZE };
    return {
      ...this.#answer(pool, space, slot),
      ...(refused === undefined
        ? {}
        : { taken: [{ block: Math.floor(refused / BLOCK_SIZE).toString(16), slots: [refused % BLOCK_SIZE] }] }),
    };
  }

  #answer({ definition }: Pool, space: PoolSpace, { block, slot }: { block: bigint; slot: number }): AllocateResult {
    return {
      slot: { pool: definition.id, block: blockToText(block), slot },
      addresses: space.addresses(block, slot),
      incarnation: this.incarnation,
      blocks: Array.from({ length: Math.min(4, Number(space.blocks)) }, (_, index) => ({
        block: index.toString(16),
        generation: 1,
      })),
      pool: definition,
    };
  }

  #release({ attachment, nonce, slot, acknowledged }: ReleaseRequest): ReleaseResult {
    const owner = `${attachment.containerId}@${attachment.ifname}`;
    const held: NonNullable<ReleaseResult['held']> = [];
    const released: ReleaseResult['released'] = [];
    for (const { definition, leases } of this.#pools.values()) {
      for (const [ordinal, lease] of leases) {
        if (lease.owner !== owner) continue;
        const block = Math.floor(Number(ordinal) / BLOCK_SIZE).toString(16);
        const found = { pool: definition.id, block, slot: Number(ordinal) % BLOCK_SIZE };
        if (nonce === undefined) held.push({ slot: found, nonce: lease.nonce });
        const named = slot?.pool === found.pool && slot.block === block && slot.slot === found.slot;
        if (lease.nonce !== nonce || (acknowledged && !named)) continue;
        leases.delete(ordinal);
        released.push(found);
      }
    }
    return nonce === undefined ? { released, held } : { released };
  }

  #batch({ items }: BatchRequest): BatchResult {
    const outcomes = items.map(({ report, release }) => ({
      ...(report === undefined ? {} : { reported: this.#report(report) }),
      ...(release === undefined ? {} : { released: this.#release(release) }),
    }));
    return { items: outcomes, pools: [] };
  }

  #pool({ vrf, name, ranges = [] }: AllocateRequest['pool'], { affinity = 'shared', ...policy }: Definable = {}): Pool {
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
      vrf,
      name,
      affinity,
      ranges: resolved.ranges,
      blockSize: BLOCK_SIZE,
      ...z.parse(poolPolicy, { cooldownSeconds: 60, ...policy }),
      gateway: 'pool',
      createdAt: new Date().toISOString(),
    };
    const pool = { definition, leases: new Map<string, Lease>() };
    this.#pools.set(name, pool);
    return pool;
  }
}
