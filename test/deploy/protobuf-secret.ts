/** A Secret as client-go sends it: protocol buffers in Kubernetes' envelope (k8s.io/apimachinery runtime.Unknown). */
import type { KubernetesObject } from './helm.ts';

const MAGIC = Buffer.from('k8s\0');
const VARINT = 0;
const BYTES = 2;

/** What of a message has a length, by field number. @throws Error for what no message of these has */
function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    const length = varint();
    if (type === VARINT) continue;
    if (type !== BYTES) throw new Error(`field ${number} is of wire type ${type}`);
    fields.set(number, [...(fields.get(number) ?? []), message.subarray(at, at + length)]);
    at += length;
  }
  return fields;
}

export const isProtobuf = (body: Buffer): boolean => body.subarray(0, MAGIC.length).equals(MAGIC);

export function secretOf(body: Buffer): KubernetesObject & { readonly data: Readonly<Record<string, string>> } {
  const one = (fields: Map<number, Buffer[]>, number: number) => fields.get(number)?.[0] ?? Buffer.alloc(0);
  const map = (fields: Map<number, Buffer[]>, number: number, encoding: 'utf8' | 'base64') =>
    Object.fromEntries(
      (fields.get(number) ?? [])
        .map(fieldsOf)
        .map((entry) => [String(one(entry, 1)), one(entry, 2).toString(encoding)]),
    );
  const secret = fieldsOf(one(fieldsOf(body.subarray(MAGIC.length)), 2));
  const metadata = fieldsOf(one(secret, 1));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: String(one(metadata, 1)),
      namespace: String(one(metadata, 3)),
      labels: map(metadata, 11, 'utf8'),
    },
    type: String(one(secret, 3)),
    data: map(secret, 2, 'base64'),
  };
}
