/**
 * What belongs to the node, not to the network: where the API is and how to prove who is calling. A JSON file
 * (`/etc/lessor/node.json`; another one is named by `config` in the ipam section or by LESSOR_CONFIG), so that nothing
 * but `type` changes in a user's network configuration. `endpoint` and `region` in the ipam section win.
 */

import { isPrintable, most } from '../../core/contract/limits.ts';
import { isObject, objectOf, parseJson, textOf } from './json.ts';
import { DATA_DIR, hiddenDataDir, inDataDir, NODE_FILE } from './layout.ts';
import { refusal } from './refusal.ts';
import type { Surroundings } from './surroundings.ts';

const KEYS = 'endpoint, region, dataDir, logFile, labels, credentials.profile and credentials.file';

/** What of a network configuration names the node's. */
interface Naming {
  /** Path of the node configuration. */
  readonly config?: string;
  /** host-local's own directory. */
  readonly dataDir?: string;
}

/** What of a network configuration is about the API too. */
export interface OfNetwork extends Naming {
  readonly endpoint?: string;
  readonly region?: string;
}

export interface CredentialChoice {
  readonly profile?: string | undefined;
  readonly file?: string | undefined;
}

export interface NodeConfiguration {
  readonly endpoint: URL;
  readonly region: string;
  readonly dataDir: string;
  readonly credentials?: CredentialChoice | undefined;
  /** By which the service may choose the pool. */
  readonly labels: Readonly<Record<string, string>>;
}

const wrong = (what: string, remedy: string, cause?: unknown) => refusal('node.configuration', what, remedy, cause);

/** @throws LessorError `node.configuration`, which names the file and the field. */
export function loadNodeConfiguration(
  network: OfNetwork,
  { env, files }: Pick<Surroundings, 'env' | 'files'>,
): NodeConfiguration {
  const { path, file } = readFile(network, { env, files });
  const endpoint = endpointFrom(network.endpoint ?? file.endpoint, network.endpoint === undefined ? path : 'ipam');
  return {
    endpoint,
    region: network.region ?? file.region ?? regionOf(endpoint) ?? regionFrom(env, endpoint, path),
    dataDir: dataDirOf(network, file),
    credentials: file.credentials,
    labels: file.labels ?? {},
  };
}

/**
 * Where calls are written down. Undefined where they are not, or where the configurations that would say so cannot be read;
 * `network` is left out where its configuration cannot.
 */
export function logFileOf(
  network: Naming | undefined,
  surroundings: Pick<Surroundings, 'env' | 'files'>,
): string | undefined {
  try {
    const { file, there } = readFile(network ?? {}, surroundings);
    if (file.logFile === false || (network === undefined && !there)) return undefined;
    return file.logFile ?? inDataDir(dataDirOf(network ?? {}, file)).log;
  } catch {
    return undefined;
  }
}

const dataDirOf = ({ dataDir }: Naming, file: NodeFile): string =>
  dataDir === undefined ? (file.dataDir ?? DATA_DIR) : hiddenDataDir(dataDir);

interface ReadFile {
  readonly path: string;
  readonly file: NodeFile;
  /** False where the default file is missing, which says nothing. */
  readonly there: boolean;
}

function readFile(network: Naming, { env, files }: Pick<Surroundings, 'env' | 'files'>): ReadFile {
  const named = network.config ?? env.LESSOR_CONFIG;
  const path = named || NODE_FILE;
  const text = files.read(path);
  if (text === undefined && named)
    throw wrong(
      `the node configuration ${path} does not exist`,
      `create it, or leave its name out to use ${NODE_FILE}`,
    );
  return { path, there: text !== undefined, file: text === undefined ? {} : parseFile(text, path) };
}

interface NodeFile {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Where the plugin keeps its journal, its state and cached credentials. */
  readonly dataDir?: string | undefined;
  /** Where calls are written down; false: nowhere. */
  readonly logFile?: string | false | undefined;
  /** A profile of the shared files, or other shared files, instead of what the environment says. */
  readonly credentials?: CredentialChoice | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

function parseFile(text: string, path: string): NodeFile {
  const content = parseJson(text);
  if (content === undefined) throw wrong(`${path} is not JSON`, 'write it like {"endpoint": "https://…"}');
  const { credentials, labels: given, logFile: log, ...top } = objectOf(content, path, wrong);
  const { endpoint, region, dataDir } = textsOf(top, path, ['endpoint', 'region', 'dataDir']);
  // The runtime calls from any working directory: elsewhere the journal would be lost.
  if (dataDir !== undefined && !dataDir.startsWith('/'))
    throw wrong(`dataDir ${JSON.stringify(dataDir)} in ${path} is not absolute`, `write it like ${DATA_DIR}`);
  const labels = labelsOf(given, path);
  const logFile = logFileIn(log, path);
  if (credentials === undefined) return { endpoint, region, dataDir, logFile, labels };
  const where = `credentials in ${path}`;
  const { profile, file } = textsOf(objectOf(credentials, where, wrong), where, ['profile', 'file']);
  return { endpoint, region, dataDir, logFile, labels, credentials: { profile, file } };
}

function logFileIn(value: unknown, path: string): string | false | undefined {
  if (value === '' || value === false) return false;
  const file = textOf(value, `logFile in ${path}`, wrong);
  if (file === undefined || file.startsWith('/')) return file;
  throw wrong(
    `logFile ${JSON.stringify(file)} in ${path} is not absolute`,
    'write it like /var/log/lessor.log, or false for no log',
  );
}

function labelsOf(given: unknown, path: string): Record<string, string> {
  if (given === undefined) return {};
  const where = `labels in ${path}`;
  if (!isObject(given)) throw wrong(`${where} ${JSON.stringify(given)} is no object`, 'write it like {"kind": "gpu"}');
  const labels: Record<string, string> = {};
  for (const [label, value] of Object.entries(given)) {
    if (typeof value !== 'string')
      throw wrong(`${where}: ${label} ${JSON.stringify(value)} is no text`, 'write it in quotes');
    if (label === '' || label.length > most.label || value.length > most.labelValue)
      throw wrong(
        `${where}: ${JSON.stringify(label)} is empty or too long`,
        `a label has 1 to ${most.label} characters, its value ${most.labelValue} at most`,
      );
    if (!isPrintable(label + value))
      throw wrong(`${where}: ${JSON.stringify(label)} has control characters`, 'leave them out');
    labels[label] = value;
  }
  return labels;
}

/** An unknown key is more likely misspelt than meant for somebody else: the file is ours alone. */
function textsOf<K extends string>(fields: Record<string, unknown>, where: string, names: readonly K[]) {
  const unknown = Object.keys(fields).filter((key) => !(names as readonly string[]).includes(key));
  if (unknown.length > 0) throw wrong(`${where} holds the unknown ${unknown.join(', ')}`, `the keys are ${KEYS}`);
  const texts = names.map((name) => [name, textOf(fields[name], `${name} in ${where}`, wrong)] as const);
  return Object.fromEntries(texts) as Record<K, string | undefined>;
}

function endpointFrom(value: string | undefined, where: string): URL {
  if (!value)
    throw wrong(
      `no endpoint is configured in ipam or in ${where}`,
      'write the URL of the Lessor API into it: {"endpoint": "https://<id>.execute-api.<region>.amazonaws.com"}',
    );
  const endpoint = URL.canParse(value) ? new URL(value) : undefined;
  if (endpoint === undefined || !['http:', 'https:'].includes(endpoint.protocol))
    throw wrong(
      `endpoint ${value.includes('@') ? '(not shown: it holds a user)' : JSON.stringify(value)} in ${where} is no http(s) URL`,
      'write it like https://api.example.com',
    );
  if (endpoint.username || endpoint.password || endpoint.search || endpoint.hash)
    throw wrong(`endpoint in ${where} holds more than host and path`, 'leave user, query and fragment out');
  return endpoint;
}

/** API Gateway's own host names tell their region: `<id>.execute-api.<region>.…`. */
const regionOf = ({ hostname }: URL): string | undefined =>
  /(?:^|\.)execute-api\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws|api\.aws)/.exec(hostname)?.[1];

function regionFrom(env: Surroundings['env'], endpoint: URL, path: string): string {
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  if (!region)
    throw wrong(
      `no region is configured, and the host ${endpoint.host} does not tell it`,
      `write {"region": "eu-central-1"}, or the one of your API, into ${path}`,
    );
  return region;
}
