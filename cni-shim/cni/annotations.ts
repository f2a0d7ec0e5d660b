/**
 * What a pod asks for by its annotations, which containerd and CRI-O hand to plugins that have the capability
 * `io.kubernetes.cri.pod-annotations`, and what is asked for one attachment by the same keys in `args.cni` (Multus: `cni-args`). The
 * latter is the nearer word: of a key that is given in both places it counts.
 */
import { isIdentity, isName, most } from '../../core/contract/limits.ts';
import { nearestName } from '../../core/contract/nearest-name.ts';
import { isObject, parseJson, show } from '../machine/json.ts';
import { ADDRESS_REMEDY, requestedAddress } from './environment.ts';
import { wrong } from './fields.ts';

export const ANNOTATIONS = 'io.kubernetes.cri.pod-annotations';
const DOMAIN = 'lessor.dev/';
const POOLS = 'lessor.dev/pools';
const ADDRESSES = 'lessor.dev/addresses';
const IDENTITY = 'lessor.dev/identity';
const KEYS = [POOLS, ADDRESSES, IDENTITY];

/** What is left out is not asked for. */
export interface AskedByPod {
  readonly pools?: readonly string[];
  readonly addresses?: readonly string[];
  readonly identity?: string;
}

/**
 * @param annotations the pod's, of all that write there
 * @param nearer `args.cni`
 * @param network the name of the network: a value may be a JSON object by networks
 * @throws LessorError `cni.configuration`, which names the annotation, its value and what to write
 */
export function askedByPod(annotations: unknown, nearer: unknown, network: string): AskedByPod {
  const given = { ...ours(annotations, 'runtimeConfig'), ...ours(nearer, 'args.cni') };
  const of = (key: string) => valueFor(network, key, given[key]);
  const [pools, addresses, identity] = [of(POOLS), of(ADDRESSES), of(IDENTITY)];
  return {
    ...(pools === undefined ? {} : { pools: poolsIn(pools) }),
    ...(addresses === undefined ? {} : { addresses: addressesIn(addresses) }),
    ...(identity === undefined ? {} : { identity: identityIn(identity) }),
  };
}

/** Keys of other domains are other people's. */
function ours(annotations: unknown, where: string): Record<string, string> {
  if (annotations === undefined || annotations === null) return {};
  if (!isObject(annotations))
    throw wrong(`${where} ${show(annotations)} holds no annotations`, 'write an object of texts, or leave it out');
  const own = Object.entries(annotations).filter(([key]) => key.startsWith(DOMAIN));
  for (const [key, value] of own) {
    if (!KEYS.includes(key)) throw unknown(key);
    if (typeof value !== 'string')
      throw wrong(`annotation ${key} ${show(value)} is no text`, 'write its value in quotation marks');
    if (Buffer.byteLength(value) > most.annotation)
      throw wrong(
        `annotation ${key} has ${Buffer.byteLength(value)} bytes`,
        `${most.annotation} are the most that it may have`,
      );
  }
  return Object.fromEntries(own) as Record<string, string>;
}

function unknown(key: string) {
  const nearest = nearestName(
    key.slice(DOMAIN.length),
    KEYS.map((one) => one.slice(DOMAIN.length)),
  );
  const remedy = nearest === undefined ? `those are ${KEYS.join(', ')}` : `did you mean ${DOMAIN}${nearest}?`;
  return wrong(`annotation ${show(key)} is none that is known`, remedy);
}

/** The whole text, or in an object what is for this network; undefined where nothing is. */
function valueFor(network: string, key: string, text: string | undefined): string | undefined {
  if (text === undefined || !text.trimStart().startsWith('{')) return text;
  const byNetwork = parseJson(text);
  if (!isObject(byNetwork))
    throw wrong(
      `annotation ${key} ${show(text)} is no JSON object`,
      'write it like {"<network>": "<value>"}, or the value alone',
    );
  const networks = Object.keys(byNetwork).length;
  if (networks > most.networksOfPod)
    throw wrong(`annotation ${key} names ${networks} networks`, `${most.networksOfPod} are the most that it may`);
  const value = Object.hasOwn(byNetwork, network) ? byNetwork[network] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(
    `annotation ${key} ${show(value)} of network ${network} is no text`,
    'write it like {"<network>": "<value>"}',
  );
}

/** Separated by commas, each once. */
function listIn(text: string, key: string, atMost: number): readonly string[] {
  const all = text.split(',').map((one) => one.trim());
  if (all.includes(''))
    throw wrong(
      `annotation ${key} ${show(text)} has an empty entry`,
      'write entries separated by commas, or leave the annotation out',
    );
  if (all.length > atMost)
    throw wrong(`annotation ${key} has ${all.length} entries`, `${atMost} are the most that it may have`);
  return [...new Set(all)];
}

function poolsIn(text: string): readonly string[] {
  const names = listIn(text, POOLS, most.names);
  const bad = names.find((name) => !isName(name));
  if (bad === undefined) return names;
  throw wrong(
    `annotation ${POOLS} ${show(bad)} is no pool name`,
    'it begins with a letter or digit, holds only letters, digits, _ . - and has 255 characters at most',
  );
}

const addressesIn = (text: string): readonly string[] =>
  listIn(text, ADDRESSES, most.rangeSets).map((one) => {
    const address = requestedAddress(one);
    if (address !== undefined) return address;
    throw wrong(`annotation ${ADDRESSES} ${show(one)} is no IP address`, ADDRESS_REMEDY);
  });

function identityIn(text: string): string {
  if (isIdentity(text)) return text;
  throw wrong(
    `annotation ${IDENTITY} ${show(text)} is no identity`,
    `write lower-case letters, digits, - and . and begin and end with a letter or digit; ${most.identityName} characters at most`,
  );
}
