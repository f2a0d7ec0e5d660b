/**
 * Each bound and each pattern of the contract, once. The schemas are made of them, and so is what the plugin reads by hand:
 * evaluating a schema library would take a call of the plugin longer than all the rest of it.
 */

/** Lengths are in characters, the others are numbers of things. All are the most that is taken. */
export const most = {
  /** Of networks, containers, pools, VRFs, clusters, reservations (CNI specification, section 2; and NAME_MAX). */
  name: 255,
  /** Linux's IFNAMSIZ, without the NUL. */
  interfaceName: 15,
  node: 256,
  boot: 64,
  version: 64,
  region: 32,
  cursor: 64,
  /** Of a namespace, where an operator names it: a label of RFC 1123. */
  namespace: 63,
  /** What a pod may be known by beyond its own name: a name as Kubernetes has them (RFC 1123 subdomain). */
  identityName: 253,
  /** Bytes of one annotation of ours. Kubernetes lets a pod have 256 KiB of them in all. */
  annotation: 16_384,
  /** Networks of one pod that an annotation may tell apart. */
  networksOfPod: 64,
  /** Namespace, name or uid of a pod, and the name that a cluster has for a node (RFC 1123). */
  podText: 253,
  /** Kubernetes: a prefix of 253, a slash, a name of 63. */
  label: 317,
  labelValue: 253,
  /** Of leases that are lost, as a node tells of them: so many, each with so many of its addresses, in so many bytes. */
  lostLeases: 16,
  lostAddresses: 4,
  lostBytes: 4_000,
  /** Why a node is declared dead. */
  reason: 500,
  /** Of an event: why something is so, and spans of a block. EventBridge takes 256 KB for ten events. */
  why: 1_000,
  eventPrefixes: 64,
  /** That a dry run of a death names. */
  blocksForeseen: 100,
  /** Sends of one request, as far as they are counted. */
  attempts: 1000,
  /** Pools that a configuration names. */
  names: 64,
  /** Addresses that an attachment asks for, slots that it may have, and range sets of a pool: one of each. */
  rangeSets: 16,
  rangesOfSet: 128,
  /** An address, or one with its prefix length; and two of them, first-last. */
  addressText: 64,
  /** A time, of RFC 3339. */
  time: 40,
  spanText: 128,
  formerBlocks: 4096,
  /** Of a batch: leases of which a node tells at once. */
  itemsOfBatch: 25,
  /** Of which a node asks at once before it imports them. */
  addressesToImport: 256,
  /** Blocks without a free slot, as a node is told of them and tells them. */
  fullBlocks: 256,
  exclusions: 256,
  /** Wholly excluded blocks in a row, between blocks that can be used: opening what lies behind them opens them too. */
  excludedBlocks: 16_777_216,
  reservations: 64,
  addressesOfReservation: 64,
  clusters: 64,
  namespaces: 256,
  /** Entries of a record: namespaces with a quota of their own, labels of a node or of a pool. */
  quotas: 4096,
  labels: 256,
  /** Either side of 0. */
  order: 1000,
  blocksOfNode: 4096,
  /** Blocks of a pool that are opened apart: the pool's item has them, 34 bytes each at most (DynamoDB takes 400 KB). */
  blocksApart: 1024,
  /** DynamoDB holds items of 400 KB, names of attributes included: a VRF's list of pools is one, compressed. */
  registryBytes: 390_000,
  /** Pools that an explanation shows, and those of them whose blocks it goes through. */
  poolsExplained: 64,
  poolsJudged: 8,
  /** Pools that have metrics of their own: CloudWatch takes money for each. */
  poolsMeasured: 10,
  /** Slots of a block: as a pool may have it, and as a slot can be written. */
  blockSize: 256,
  slotsOfBlock: 4096,
  /** Seconds: a day, and 30 days. */
  cooldown: 86_400,
  sticky: 2_592_000,
  identity: 2_592_000,
  /** Seconds for which a node may gather what it leased by itself. */
  tellWithin: 300,
  /** Seconds that a change of a lease may wait to be counted. */
  countWithin: 60,
  /** Days for which history is kept. */
  historyDays: 3_650,
  /** Nodes that are declared dead within an hour, before an alarm tells: ten times as many as there may be. */
  massDeath: 100_000,
  /** Minutes of silence: 30 days. */
  silence: 43_200,
  /** Of a request's body: bytes, of routes that take much and of all others; levels of nesting; values within. */
  largeBodyBytes: 1_048_576,
  bodyBytes: 16_384,
  bodyDepth: 32,
  bodyValues: 32_768,
  /** Bytes of an answer: a list that is longer has pages. Lambda's own limit is 6 MB. */
  answerBytes: 1_000_000,
  /**
   * Bytes of a pool's definition as JSON, which is longer than what DynamoDB counts: its items have 400 KB at most, and what is
   * opened apart lies in this one.
   */
  poolBytes: 370_000,
} as const;

/** The sizes that the service is made for and tested at. What grows by itself is not refused beyond them; it is only not tried. */
export const designedFor = {
  poolsOfVrf: 5_000,
  /** Held at once: every address of a /16. */
  leasesOfPool: 65_536,
  leasesOfNamespace: 16_384,
  /** Of one node, in all pools: as a node with many reboots has them. */
  joinedBlocks: 1_024,
  /** That may be used: of a pool with 64 addresses a block, a million of them. */
  openBlocks: 16_384,
  /** That are listed. */
  nodes: 10_000,
  /** Nodes that were declared dead and are settled, in all. */
  deaths: 25_000,
} as const;

/** A power of two has to have room for network, gateway, broadcast and an address. */
export const LEAST_BLOCK_SIZE = 4;

/** What counts where a pool says nothing. */
export const otherwise = {
  blockSize: 64,
  cooldownSeconds: 30,
  stickySeconds: 0,
  identitySeconds: 0,
  order: 0,
  maxBlocksPerNode: 64,
  leasing: 'online',
  tellWithinSeconds: 1,
} as const;

/** Parts of the list of nodes: DynamoDB takes 1,000 writes a second under one key, and one of them is read by a single request. */
export const NODE_LIST_SHARDS = 16;

/** Parts in which the slots of identities are kept: DynamoDB takes 1,000 writes a second under one key. */
export const IDENTITY_SHARDS = 16;

/** Instances for which EC2 is asked by one request: as many as it takes (API reference, "DescribeInstances"). */
export const INSTANCES_A_LOOK = 1_000;
/** Minutes: an agent that lives was heard of some times meanwhile, though one or two heartbeats were lost. */
export const leastSilence = 60;

/** Seconds that a change of a lease waits to be counted, where a deployment says nothing: and where it declares pools with quotas. */
export const COUNT_WITHIN = 60;
export const COUNT_WITHIN_FOR_QUOTAS = 10;

/** Nodes declared dead within an hour of which an alarm tells, where a deployment says nothing. */
export const MASS_DEATH = 50;

/** Days for which history and audit are kept, where a deployment says nothing. */
export const HISTORY_DAYS = 30;

/** Days for which a pool's use of each hour is kept: 13 weeks, however long history is. */
export const SAMPLED_DAYS = 91;
/**
 * Of forecasts: days of samples that one needs at least, a whole week; those from which on it has a metric, since before them the
 * interval is so wide that most pools might be full soon; and days that it looks ahead.
 */
export const FORECAST_DAYS = { least: 7, measured: 21, ahead: 90 } as const;
/** Of ten intervals of a forecast that many hold; the others fail on either side alike. */
export const FORECAST_CONFIDENCE = 0.8;

/** Characters; lengths are in `most`. */
export const patterns = {
  /** CNI specification, section 2: network names and container ids; also what a pool is called. */
  name: /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/,
  /** Linux's dev_valid_name(): neither "." nor "..", without "/", ":" or white space. */
  interfaceName: /^(?!\.{1,2}$)[^/:\s]+$/,
  /** The journal's id, then 16 digits of the attachment's own. */
  nonce: /^[0-9a-f]{32}$/,
  /** Of a pool or of a journal. */
  id: /^[0-9a-f]{16}$/,
  /** AWS Regions. */
  region: /^[a-z]{2,}(-[a-z0-9]+)+$/,
  /** Kubernetes' namespaces: RFC 1123, section 2.1, in lower case. */
  namespace: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  /** What Kubernetes calls its objects: an RFC 1123 subdomain, in lower case. */
  identity: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
  /** What can be shown in a line: neither NUL nor another control character. */
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Unicode's Cc in full, since not every reader of JSON Schema knows \p
  printable: /^[^\u0000-\u001f\u007f-\u009f]*$/,
  /** Hex without leading zeros. */
  blockIndex: /^(0|[1-9a-f][0-9a-f]{0,31})$/,
  /** Of lists: of one pool, and of blocks of several. Opaque; what may be given back is checked all the same. */
  cursor: /^(0|[1-9a-f][0-9a-f]{0,31})(\.[0-9a-f]{1,3})?$/,
  /** Of lists of what is over: how far it came, in time, and in what lies together there; and last in blocks, what is held. */
  historyCursor: /^(\d{1,15}(\.\d{1,9})?|b|b[0-9a-f]{16}:(0|[1-9a-f][0-9a-f]{0,31})(\.[0-9a-f]{1,3})?)$/,
  /** RFC 3339, section 5.6. */
  time: /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/,
  blockCursor: /^[0-9a-f]{16}:(0|[1-9a-f][0-9a-f]{0,31})(\.[0-9a-f]{1,3})?$/,
  /** Of the list of nodes: a part of it, and the node behind which it goes on there. */
  nodeCursor: /^[0-9a-f]#.{0,256}$/,
  account: /^\d{12}$/,
  /** Minutes from `leastSilence` to `most.silence`. */
  silence: /^([6-9]\d|[1-9]\d{2,3}|[1-3]\d{4}|4[0-2]\d{3}|43[01]\d\d|43200)$/,
  /** Of the list of deaths: the time of one, and its node. */
  deathCursor: /^\d{15}#.{1,256}$/,
} as const;

/** As many digits of a nonce name its journal. */
export const JOURNAL_DIGITS = 16;

const isText = (text: string, longest: number, pattern: RegExp): boolean =>
  text.length <= longest && pattern.test(text);

export const isName = (text: string): boolean => isText(text, most.name, patterns.name);
export const isInterfaceName = (text: string): boolean => isText(text, most.interfaceName, patterns.interfaceName);
export const isIdentity = (text: string): boolean => isText(text, most.identityName, patterns.identity);
export const isPrintable = (text: string): boolean => patterns.printable.test(text);
export const isId = (text: string): boolean => patterns.id.test(text);

/** An AWS account, in its partition: `aws`, `aws-cn`, `aws-us-gov`. */
export interface Account {
  readonly partition: string;
  readonly id: string;
}

/** States of an instance as EC2 says them, and that it knows none of that id. */
export const instanceStates = [
  'pending',
  'running',
  'shutting-down',
  'terminated',
  'stopping',
  'stopped',
  'not-found',
] as const;
export type InstanceState = (typeof instanceStates)[number];
