/** The node configuration that an installation leaves: what was there, and what was given. */
import { isObject, parseJson } from '../machine/json.ts';
import { loadNodeConfiguration } from '../machine/node-configuration.ts';
import { refusal } from '../machine/refusal.ts';

export interface NodeSettings {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly logFile?: string | undefined;
  readonly profile?: string | undefined;
  readonly credentialsFile?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface NodeFileText {
  readonly text: string;
  readonly dataDir: string;
}

/**
 * @param there the file's text, where there is one
 * @throws LessorError `node.configuration` where the plugin would not take it
 */
export function nodeFile(path: string, there: string | undefined, settings: NodeSettings): NodeFileText {
  const before = there === undefined ? {} : parseJson(there);
  if (!isObject(before))
    throw refusal('node.configuration', `${path} is not a JSON object`, 'correct it, or move it away');
  const { endpoint, region, dataDir, logFile, profile, credentialsFile: file, labels } = settings;
  const credentials = joined(before.credentials, { profile, file });
  const after = {
    ...before,
    ...given({ endpoint, region, dataDir, logFile, credentials, labels: joined(before.labels, labels) }),
  };
  if (!after.endpoint)
    throw refusal(
      'node.configuration',
      `${path} has no endpoint`,
      'give it: --endpoint https://<id>.execute-api.<region>.amazonaws.com',
    );
  const same = JSON.stringify(after) === JSON.stringify(before);
  // Somebody's own spacing is no difference.
  const text = same && there !== undefined ? there : `${JSON.stringify(after, undefined, 2)}\n`;
  const read = { env: {}, files: { read: () => text } } as unknown as Parameters<typeof loadNodeConfiguration>[1];
  return { text, dataDir: loadNodeConfiguration({ config: path }, read).dataDir };
}

function joined(before: unknown, added: Readonly<Record<string, string | undefined>>): unknown {
  const news = given(added);
  return Object.keys(news).length === 0 ? undefined : { ...(isObject(before) ? before : {}), ...news };
}

const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** `key=value`, each of them. @throws LessorError `request.invalid` */
export function labelsFrom(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, label, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
      if (label === undefined || value === undefined)
        throw refusal('request.invalid', `--label ${JSON.stringify(text)} is no label`, 'write it like kind=gpu');
      return [label, value];
    }),
  );
}
