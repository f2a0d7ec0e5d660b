/** The configuration of the demonstration: the usual one for host-local, with only `type` changed. */
export const demoNetwork = {
  cniVersion: '0.3.1',
  name: 'my-bridge-network',
  type: 'bridge',
  bridge: 'cni0',
  isGateway: true,
  ipMasq: true,
  ipam: {
    type: 'lessor',
    ranges: [[{ subnet: '10.244.0.0/16', rangeStart: '10.244.1.10', rangeEnd: '10.244.1.250' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  },
} as const;

/** What is looked at of a CNI result. */
export interface CniResult {
  readonly ips: readonly { readonly address: string; readonly gateway?: string }[];
}
