/** SHA-256 (FIPS 180-4), and with a key HMAC-SHA-256 (RFC 2104). */

interface BunHasher {
  update(text: string): BunHasher;
  digest(): Uint8Array<ArrayBuffer>;
}

/** The runtime of the compiled executable; elsewhere there is none. */
declare const Bun: undefined | { readonly CryptoHasher: new (algorithm: 'sha256', key?: Uint8Array) => BunHasher };

const encoder = new TextEncoder();
const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const;

/** The runtime's own hasher where there is one: WebCrypto starts threads, which takes a process longer than all it signs. */
export async function sha256(text: string, key?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof Bun !== 'undefined') return new Bun.CryptoHasher('sha256', key).update(text).digest();
  const bytes = encoder.encode(text);
  if (key === undefined) return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const imported = await crypto.subtle.importKey('raw', key, HMAC, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, bytes));
}
