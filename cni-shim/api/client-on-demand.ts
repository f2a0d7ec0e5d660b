/**
 * The API for a call of the plugin, most of which need little of it or nothing: what signs, sends and finds credentials is
 * loaded with the first request.
 */
import type { CredentialSupply } from '../aws/credentials.ts';
import type { CredentialChoice } from '../machine/node-configuration.ts';
import type { Api, ApiAccess, Calls } from './client.ts';
import { DEFAULT_LIMITS } from './time-limits.ts';

export interface OnDemand {
  readonly api: Api;
  readonly credentials: CredentialSupply;
}

type Access = Omit<ApiAccess, 'credentials'> & {
  readonly dataDir: string;
  readonly choice: CredentialChoice | undefined;
};

export function clientOnDemand({ dataDir, choice, ...access }: Access): OnDemand {
  const credentials = once(async () => {
    const { credentialSupply } = await import('../aws/credentials.ts');
    return credentialSupply(access.surroundings, { dataDir, choice });
  });
  const supply: CredentialSupply = { get: async (options) => (await credentials()).get(options) };
  const api = once(async () => {
    // Both before a call begins, whose time is bounded.
    const [{ apiClient }] = await Promise.all([import('./client.ts'), credentials()]);
    return apiClient({ ...access, credentials: supply });
  });
  return {
    api: {
      ...callsOf(api),
      brief: callsOf(async () => (await api()).brief),
      patienceMs: (access.limits ?? DEFAULT_LIMITS).total,
    },
    credentials: supply,
  };
}

const callsOf = (calls: () => Promise<Calls>): Calls => ({
  allocate: async (next) => (await calls()).allocate(next),
  release: async (request) => (await calls()).release(request),
  giveBack: async (request) => (await calls()).giveBack(request),
  report: async (request) => (await calls()).report(request),
  batch: async (request) => (await calls()).batch(request),
  ownLeases: async (cursor) => (await calls()).ownLeases(cursor),
  check: async (request) => (await calls()).check(request),
  readiness: async (request) => (await calls()).readiness(request),
  heartbeat: async (request) => (await calls()).heartbeat(request),
  goodbye: async (request) => (await calls()).goodbye(request),
});

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
