/** What a deployment may choose. Comments here are the construct's documentation (docs/construct.md). */
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { LessorFunctionName } from './function-names.ts';

/** The settings of one deployment. */
export interface LessorProps {
  /**
   * The roles of your nodes, by their names (not ARNs), and what is known of each. They exist before the
   * deployment, and get the node policy.
   *
   * Without them no EC2 instance is a node. A deployment that really has none says `'none'`.
   */
  readonly nodeRoles: Readonly<Record<string, NodeRole>> | 'none';

  /**
   * Whether `ranges` written in a CNI configuration become a pool on first use. Whoever may write a node's CNI configuration
   * can then make pools.
   * @default false
   */
  readonly inlinePools?: boolean;

  /**
   * Seconds for which a released address of such a pool is not handed out again, 0 to 86400.
   * @default 30
   */
  readonly inlinePoolCooldownSeconds?: number;

  /**
   * Seconds for which a change of a lease waits, at most, to be counted together with others, 1 to 60. Quotas go by the counters:
   * where they are to be strict, say 1. A pod then costs more (docs/quotas.md).
   * @default - 60; 10 where a declared pool has a quota
   */
  readonly countWithinSeconds?: number;
  /**
   * Minutes, 60 at least, by cluster: a node of it that EC2 was never seen to know, and that was silent for longer, is declared dead
   * by the scheduled function. For machines of which nothing else can tell that they are gone. A node that is only cut off may have
   * living pods, whose addresses are then given to others.
   * @default none: silence is no evidence
   */
  readonly deadAfterSilence?: Readonly<Record<string, number>>;

  /**
   * Days for which is kept who had which address, and who changed what, 1 to 3650. What is written already keeps its time.
   * @default 30
   */
  readonly historyDays?: number;

  /**
   * Tables that exist: those of a stack that was deleted, or restored ones. They are used as they are, and never changed
   * or deleted by this stack.
   * @default - tables of the stack's own
   */
  readonly tables?: AttachedTables;

  /**
   * How callers reach the service.
   * @default - an HTTP API, which answers on the internet those whom IAM lets in
   */
  readonly endpoint?: Endpoint;

  /**
   * Requests that the API takes, for all callers together. The account's own limit of the Region is for all its APIs: at
   * least 2,500 a second, 1,250 at once.
   * @default - 2,000 a second, 1,000 at once
   */
  readonly throttle?: Throttle;

  /**
   * What single functions have otherwise than by default, by their names: `{ allocate: { memoryMb: 1769 } }`.
   * @default - 1,024 MB each, concurrency as the account has it
   */
  readonly functions?: Readonly<Partial<Record<LessorFunctionName | 'evidence', FunctionProps>>>;

  /**
   * For how many minutes a new version of the functions gets a tenth of the calls, before it gets all. If it fails meanwhile,
   * the version before it is live again, and the deployment is rolled back. 0: it gets all at once.
   * @default 5
   */
  readonly canaryMinutes?: 0 | 5 | 10 | 15 | 30;

  /**
   * What is taken for a proof that a node is gone, so that its addresses are freed without a person: EC2's word that its instance
   * is terminated, of this account and of those that are named here (docs/evidence.md). `'none'`: only nodes and operators say so.
   * @default - this account's instances, where `nodeRoles` has a role of instances
   */
  readonly evidence?: EvidenceProps | 'none';

  /**
   * What is told on the event bus that the deployment has (docs/events.md), or that it has none.
   * @default - everything but single leases
   */
  readonly events?: EventsProps | 'none';

  /**
   * Where alarms go: an SNS topic, or its ARN.
   * @default - alarms tell nobody
   */
  readonly alarmTopic?: ITopic | string;

  /**
   * Nodes declared dead within an hour, 1 to 100000, from which on the alarm `mass-death` tells. Take more than scaling ends in an
   * hour; of a small deployment take less than it has nodes.
   * @default 50
   */
  readonly massDeath?: number;

  /**
   * Whether there is a dashboard. CloudWatch takes money for more than three of them in an account.
   * @default true
   */
  readonly dashboard?: boolean;

  /**
   * Whether X-Ray traces the functions. Their roles get the right to send traces only then.
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * How many days the logs of functions and API are kept.
   * @default 30
   */
  readonly logRetention?: RetentionDays;

  /**
   * A KMS key, or its ARN, for tables and logs. Of a key given by its ARN, or of another stack, the policy must already
   * let CloudWatch Logs and DynamoDB of this account and Region use it.
   * @default - the services' own keys
   */
  readonly encryptionKey?: IKey | string;

  /**
   * Tags of everything that can have some.
   * @default - none
   */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A role that nodes have. */
export interface NodeRole {
  /**
   * The cluster of its nodes. A pool's `clusters` is compared with it.
   * @default - no cluster: its nodes may use the pools that are kept to none
   */
  readonly cluster?: string;

  /**
   * Who has sessions of the role. `'instances'`: nobody but EC2 may assume it, and each node is known by its instance id.
   * `'others'`: machines outside EC2, each with a session name of its own, known as `role/<role>/<session>`. Whoever
   * may assume a role of the first kind chooses which node they are.
   * @default 'instances'
   */
  readonly sessions?: 'instances' | 'others';
}

/** Whose word that an instance is terminated counts. */
export interface EvidenceProps {
  /**
   * Other accounts that have nodes, by their ids: each forwards its events of EC2 to the bus that is made for them.
   * @default - none
   */
  readonly accounts?: readonly string[];
}

/** What is told beside what always is. */
export interface EventsProps {
  /**
   * Whether each lease that begins or ends is an event: EventBridge takes $1 for a million of them, about as much as the leases
   * themselves cost.
   * @default false
   */
  readonly leases?: boolean;
}

/** The tables. Pools and leases belong together: never attach one of them alone, or two of different times. */
export interface AttachedTables {
  /** Name or ARN of the table of pools. */
  readonly pools: string;

  /** Name or ARN of the table of leases. */
  readonly leases: string;

  /** ARN of the leases table's stream, which has new and old images. A restored table has none until it is enabled. */
  readonly leasesStreamArn: string;

  /**
   * ARN of the pools table's stream, which has new and old images.
   * @default - nothing is told of nodes, blocks and pools on the event bus
   */
  readonly poolsStreamArn?: string;

  /**
   * Name or ARN of the table of history, which may be of another time than the two.
   * @default - a table of the stack's own
   */
  readonly history?: string;
}

/** How callers reach the service. */
export type Endpoint = HttpEndpoint | PrivateEndpoint;

/** An HTTP API, on the internet. */
export interface HttpEndpoint {
  /** `'http'`: API Gateway's HTTP API. */
  readonly kind: 'http';
}

/**
 * A REST API that is reached through VPC endpoints only. At least one of `vpcEndpoints` and `newVpcEndpoint` is given: the
 * endpoint of the nodes' configuration has the first one's id in its name.
 */
export interface PrivateEndpoint {
  /** `'private'`: API Gateway's REST API, of the endpoint type PRIVATE. */
  readonly kind: 'private';

  /**
   * Ids of VPC endpoints for `execute-api` (`vpce-…`) of this account: what comes through them is let in.
   * @default - none
   */
  readonly vpcEndpoints?: readonly string[];

  /**
   * A VPC endpoint that is to be made with the API.
   * @default - none
   */
  readonly newVpcEndpoint?: NewVpcEndpoint;

  /**
   * Ids of VPC endpoints of other accounts: what comes through them is let in too. Nodes there call the API by the name that
   * their private DNS resolves.
   * @default - none
   */
  readonly vpcEndpointsOfOthers?: readonly string[];

  /**
   * An organization of AWS (`o-…`): nodes of its other accounts may call too, if their own account's policies let them.
   * Operators are of this account.
   * @default - only callers of this account
   */
  readonly organization?: string;

  /**
   * Whether the role is made and set with which API Gateway writes logs. It is one for all APIs of the account in the
   * Region, and one that is set already is replaced. Where there is none, a REST API with a log cannot be deployed.
   * @default false
   */
  readonly setAccountLogRole?: boolean;
}

/** A VPC endpoint for `execute-api`. */
export interface NewVpcEndpoint {
  /** The VPC of the nodes. */
  readonly vpcId: string;

  /** One in each Availability Zone that has nodes. */
  readonly subnetIds: readonly string[];

  /** They let the nodes in, to port 443. */
  readonly securityGroupIds: readonly string[];

  /**
   * Whether the names of all APIs, `<id>.execute-api.<region>.amazonaws.com`, lead to this VPC endpoint in the VPC: then no
   * public API of API Gateway can be reached from there by its own name.
   * @default false
   */
  readonly privateDns?: boolean;
}

/** A bucket of tokens. `rate` and `burst` are both 0, which closes the API, or both more. */
export interface Throttle {
  /** Requests a second. */
  readonly rate: number;

  /** Requests at once. */
  readonly burst: number;
}

/** What one function has. */
export interface FunctionProps {
  /**
   * Memory in MB, 128 to 10240. The processor's share grows with it.
   * @default 1024
   */
  readonly memoryMb?: number;

  /**
   * Invocations at once that are kept for this function, and that it may have at most.
   * @default - what the account has left
   */
  readonly reservedConcurrency?: number;

  /**
   * Environments of the live version that are started before they are needed: 1 to what is reserved.
   * @default - none: each is started when a request comes that no other is free for
   */
  readonly provisionedConcurrency?: number;
}
