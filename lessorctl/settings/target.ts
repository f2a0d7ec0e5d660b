/** Which service is meant, and who asks: options, then the environment, then the settings file. */
import type { Shell } from '../shell/shell.ts';
import { type NotedSettings, readSettings, settingsPath } from './settings-file.ts';
import { wrong } from './wrong.ts';

/** As every command has them. */
export interface TargetOptions {
  readonly endpoint?: string | undefined;
  readonly stack?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly vrf?: string | undefined;
  readonly context?: string | undefined;
}

export interface Target {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly region: string;
  readonly profile: string | undefined;
  readonly vrf: string;
  /** As the settings file has it. */
  readonly cluster: string | undefined;
  /** The CloudFormation stack, where one is named; the endpoint need not come from it. */
  readonly stack: string | undefined;
}

/** @throws LessorError `request.invalid` where it is not said which service is meant */
export async function targetOf(options: TargetOptions, shell: Shell): Promise<Target> {
  const noted = await readSettings(shell, options.context);
  const { env } = shell;
  const profile = options.profile ?? (env.AWS_PROFILE || noted.profile);
  const vrf = options.vrf ?? (env.LESSOR_VRF || noted.vrf) ?? 'default';
  const asked = options.region;
  const elsewhere = async () => env.AWS_REGION || env.AWS_DEFAULT_REGION || (await regionOfProfile(profile));
  const given = givenEndpoint(options, shell, noted);
  const stack = options.stack ?? (env.LESSOR_STACK || noted.stack);
  if (given !== undefined) {
    const endpoint = checkedEndpoint(given.text, given.from);
    const region = asked ?? regionOfHost(endpoint.hostname) ?? noted.region ?? (await elsewhere());
    if (!region) throw noRegion(endpoint.host);
    return { endpoint: endpoint.href.replace(/\/+$/, ''), region, profile, vrf, cluster: noted.cluster, stack };
  }
  if (stack === undefined)
    throw wrong(
      'it is not said which service is meant',
      `give --endpoint or --stack, set LESSOR_ENDPOINT, or write "endpoint: https://…" into ${settingsPath(shell)}`,
    );
  const region = asked ?? noted.region ?? (await elsewhere());
  if (!region) throw noRegion(`stack ${stack}`);
  const { endpointOfStack } = await import('./stack-output.ts');
  const endpoint = checkedEndpoint(await endpointOfStack(stack, region, profile), `ApiEndpoint of stack ${stack}`);
  return {
    endpoint: endpoint.href.replace(/\/+$/, ''),
    region: regionOfHost(endpoint.hostname) ?? region,
    profile,
    vrf,
    cluster: noted.cluster,
    stack,
  };
}

function givenEndpoint(options: TargetOptions, { env }: Shell, noted: NotedSettings) {
  if (options.endpoint !== undefined) return { text: options.endpoint, from: '--endpoint' };
  // A stack that is named means another service than the one of the environment.
  if (options.stack !== undefined) return undefined;
  if (env.LESSOR_ENDPOINT) return { text: env.LESSOR_ENDPOINT, from: 'LESSOR_ENDPOINT' };
  if (env.LESSOR_STACK) return undefined;
  return noted.endpoint === undefined ? undefined : { text: noted.endpoint, from: 'endpoint of the settings file' };
}

const noRegion = (of: string) =>
  wrong(`the AWS Region of ${of} is not known`, 'give --region, or set AWS_REGION, or a region in the AWS profile');

/** Whoever listens to a request in the clear learns of the network's layout, and may send it again for some minutes. */
const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);

function checkedEndpoint(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const remedy = 'write it like https://<id>.execute-api.<region>.amazonaws.com';
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw wrong(`${from} ${JSON.stringify(text)} is no URL of an API`, remedy);
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw wrong(`${from} ${JSON.stringify(text)} is not https`, `only a loopback address may be http: ${remedy}`);
  // Its value is not repeated: it may be a password.
  if (url.username || url.password) throw wrong(`${from} has a user or a password in it`, remedy);
  if (url.search || url.hash)
    throw wrong(`${from} ${JSON.stringify(text)} has more than scheme, host and path`, remedy);
  return url;
}

const regionOfHost = (host: string): string | undefined =>
  /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(host)?.[1];

async function regionOfProfile(profile: string | undefined): Promise<string | undefined> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile } = await loadSharedConfigFiles();
  return configFile[profile ?? 'default']?.region;
}
