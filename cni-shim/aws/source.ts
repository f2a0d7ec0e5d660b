/** Who has credentials for the node. */
import type { ExpiringCredentials } from './credentials-json.ts';
import type { Credentials } from './sigv4.ts';

/** At hand, or to be asked for. */
export type CredentialSource =
  | { readonly kind: 'static'; readonly credentials: Credentials }
  | {
      readonly kind: 'fetched';
      /** What the cache is keyed by; no secret. */
      readonly name: string;
      fetch(): Promise<ExpiringCredentials>;
    };
