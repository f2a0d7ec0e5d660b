/** What each bound of the contract is of, as docs/sizes.md says it. */
import { most } from '../../core/contract/limits.ts';

const described: Record<keyof typeof most, string> = {
  name: 'characters of the name of a network, container, pool, VRF, cluster or reservation',
  interfaceName: 'characters of the name of an interface',
  node: 'characters of a node’s id',
  boot: 'characters of a boot’s id',
  version: 'characters of a plugin’s version',
  cursor: 'characters of a cursor',
  podText: 'characters of a pod’s namespace, name or uid',
  label: 'characters of a label’s key',
  labelValue: 'characters of a label’s value',
  reason: 'characters of why a node is declared dead',
  attempts: 'sends of one request, as far as they are counted',
  names: 'pools that a configuration names',
  rangeSets: 'range sets of a pool, addresses that an attachment asks for',
  rangesOfSet: 'ranges of a set',
  addressText: 'characters of an address',
  spanText: 'characters of an exclusion or of a reservation’s address',
  formerBlocks: 'blocks of an earlier boot that a request names',
  exclusions: 'exclusions of a pool',
  reservations: 'reservations of a pool',
  addressesOfReservation: 'addresses or prefixes of a reservation',
  clusters: 'clusters of a pool',
  namespaces: 'namespaces that a pool is for',
  quotas: 'namespaces with a quota of their own, in a pool',
  labels: 'labels of a node or of a pool',
  order: 'order of a pool, either side of 0',
  blocksOfNode: 'blocks of a pool that one node may own',
  fullBlocks: 'blocks without a free slot that an answer or a request names',
  excludedBlocks: 'wholly excluded blocks in a row, between blocks that can be used',
  blocksForeseen: 'blocks that the dry run of a death names',
  namespace: 'characters of a namespace that an operator names',
  blocksApart: 'blocks of a pool that are opened apart',
  registryBytes: 'bytes of a VRF’s list of pools, compressed',
  poolsExplained: 'pools that an explanation shows',
  poolsJudged: 'pools whose blocks an explanation goes through',
  blockSize: 'addresses of a block',
  slotsOfBlock: 'slots of a block, as a slot may be written',
  cooldown: 'seconds of a cooldown',
  sticky: 'seconds for which an address is kept for a pod',
  largeBodyBytes: 'bytes of a body in which pools or ranges may be',
  bodyBytes: 'bytes of any other body',
  bodyDepth: 'levels of a body',
  bodyValues: 'values in a body',
  answerBytes: 'bytes of an answer: then there are pages',
  poolBytes: 'bytes of a pool’s definition as JSON',
};

export const limitRows = (): string[] =>
  (Object.keys(described) as (keyof typeof most)[])
    .map((name) => `| ${described[name]} | ${most[name].toLocaleString('en')} |`)
    .sort();
