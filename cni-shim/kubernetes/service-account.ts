/** Where the Kubernetes API is, and as whom it is asked: what kubelet gives to a pod (kubernetes.io, "Accessing the Kubernetes API from a Pod"). */
import type { Surroundings } from '../machine/surroundings.ts';

export interface ServiceAccount {
  readonly endpoint: URL;
  /** As it is now: kubelet writes another one long before it ends. Undefined where there is none. */
  token(): string | undefined;
  /** PEM; undefined where there is none. */
  ca(): string | undefined;
}

/** Undefined where the environment does not say where the API is: this process runs in no pod. @param directory of token and ca.crt */
export function serviceAccountIn(
  directory: string,
  { env, files }: Pick<Surroundings, 'env' | 'files'>,
): ServiceAccount | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  const address = host?.includes(':') ? `[${host}]` : host;
  const text = `https://${address}:${port || '443'}`;
  if (!host || !URL.canParse(text)) return undefined;
  const read = (name: string) => files.read(`${directory}/${name}`)?.trim() || undefined;
  return { endpoint: new URL(text), token: () => read('token'), ca: () => read('ca.crt') };
}
