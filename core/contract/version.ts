/**
 * The version of what crosses the wire, in a header of each request and each answer. A minor version adds fields that may be
 * left out, and routes; whoever does not know them does without. Another major version is refused by either side.
 */
export const CONTRACT = { major: 1, minor: 6 } as const;
export const CONTRACT_HEADER = 'lessor-contract';

export interface ContractVersion {
  readonly major: number;
  readonly minor: number;
}

export const contractText = ({ major, minor }: ContractVersion): string => `${major}.${minor}`;

/** Undefined where it is no version. */
export function parseContract(text: string): ContractVersion | undefined {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(text) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
