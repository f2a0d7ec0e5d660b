/** What the demonstration has to tell: `npm start -- --json` prints these as they are, one a line. */
import type { AddressHistory } from '../../core/contract/history.ts';
import type { Death } from '../../core/contract/nodes.ts';
import type { ListLeasesResult } from '../../core/contract/questions.ts';

/** What a call cost. */
interface Cost {
  /** Milliseconds, the start of the process included. */
  readonly ms: number;
  /** Requests to DynamoDB. */
  readonly requests: number;
}

interface Call extends Cost {
  readonly pod: string;
  readonly node: string;
  readonly address: string;
}

export interface NodeNames {
  /** As the demonstration calls it: `node-a`. */
  readonly name: string;
  /** As the service knows it: an EC2 instance id. */
  readonly id: string;
}

export type DemoEvent =
  | {
      readonly step: 'start';
      readonly endpoint: string;
      readonly nodes: readonly NodeNames[];
      /** What is missing for pods to be real; absent where they are. */
      readonly leftOut?: string;
      /** The network's CNI configuration. */
      readonly network: { readonly name: string; readonly ipam: object };
    }
  /** `result`: what the plugin printed, a CNI result. */
  | ({ readonly step: 'add'; readonly result: unknown } & Call)
  | {
      readonly step: 'ping';
      readonly from: string;
      readonly to: string;
      readonly address: string;
      readonly answers: boolean;
    }
  | ({ readonly step: 'leases' } & ListLeasesResult)
  | ({ readonly step: 'del' } & Call)
  /** EC2 says so. `delayMs`: for how long the event waits in its queue on AWS; here it is `pace` times shorter. */
  | { readonly step: 'terminated'; readonly node: string; readonly delayMs: number; readonly pace: number }
  /** `tookMs`: from the event to the freed addresses. */
  | { readonly step: 'evidence'; readonly tookMs: number; readonly death: Death }
  | ({ readonly step: 'history' } & AddressHistory)
  | { readonly step: 'end' }
  /** `directory`: where the scripts `cni` and `api` are. */
  | {
      readonly step: 'ready';
      readonly endpoint: string;
      readonly directory: string;
      readonly network: string;
      readonly console?: string;
    };

export type Tell = (event: DemoEvent) => void;
