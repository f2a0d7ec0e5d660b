/** The network configuration list that a runtime reads: once it is there, the node counts as ready for pods. */
import { basename } from 'node:path';
import { isObject, parseJson } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';

/** What is copied to each node. */
export interface Conflist {
  readonly name: string;
  readonly text: string;
}

const wrong = (file: string, what: string, remedy: string) =>
  refusal('cni.configuration', `the network configuration ${file} ${what}`, remedy);

/** @throws LessorError `cni.configuration` where it is none, or none of `lessor` */
export function conflistFrom(file: string, text: string | undefined): Conflist {
  if (text === undefined) throw wrong(file, 'does not exist', 'name a file with --conflist');
  const name = basename(file);
  // Runtimes read other names as something else, or not at all.
  if (!/^[^.].*\.conflist$/.test(name))
    throw wrong(file, 'is not named *.conflist', 'rename it, like 10-pods.conflist');
  const content = parseJson(text);
  if (!isObject(content)) throw wrong(file, 'is not a JSON object', `write it like\n${sampleConflist}`);
  const { plugins } = content;
  if (!Array.isArray(plugins)) throw wrong(file, 'has no list "plugins"', `write it like\n${sampleConflist}`);
  const ours = plugins.some((plugin) => isObject(plugin) && isObject(plugin.ipam) && plugin.ipam.type === 'lessor');
  if (!ours) throw wrong(file, 'has no plugin with "ipam": {"type": "lessor"}', 'write it so');
  return { name, text };
}

export const sampleConflist = `{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": true,
      "ipam": { "type": "lessor", "routes": [{ "dst": "0.0.0.0/0" }] }
    }
  ]
}
`;
