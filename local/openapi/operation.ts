/** A route as an operation: what is written above it in paths.ts, its parameters, an example, and every answer. */
import { cniName } from '../../core/contract/ids.ts';
import { parametersOf, type RouteName } from '../../core/contract/paths.ts';
import { CONTRACT, CONTRACT_HEADER } from '../../core/contract/version.ts';
import { componentOf, inlineSchema, type Json, referenceTo } from './components.ts';
import { memberText, nameOf, propertyText, type Schema } from './contract-source.ts';
import { type Example, examples } from './examples/examples.ts';
import { contractHeader, contractVersion, etagHeader, JSON_MEDIA, refusedResponses } from './responses.ts';

export interface ApiRoute {
  readonly method: string;
  readonly path: string;
  readonly caller: string;
  readonly request?: Schema;
  readonly query?: Schema;
  readonly result: Schema;
  /** It may be made for one version only, by If-Match. */
  readonly conditional?: boolean;
  /** Its answer shows one pool, whose version is the ETag. */
  readonly showsVersion?: boolean;
  /** What each status of a success means; left out: only 200 comes. */
  readonly successes?: Readonly<Record<number, string>>;
}

export function operation(name: RouteName, route: ApiRoute): Json {
  const [summary = '', ...paragraphs] = (memberText('paths', name) ?? '').split('\n\n');
  const example = examples[name];
  return {
    operationId: name,
    summary,
    description: [`${summary}.`, ...paragraphs].join('\n\n'),
    tags: [route.caller],
    parameters: [
      ...inPath(route, example),
      ...inQuery(route, example),
      parameterReference('ContractVersion'),
      ...(route.conditional ? [parameterReference('IfMatch')] : []),
    ],
    ...(route.request ? { requestBody: requestBody(route.request, example) } : {}),
    responses: { ...successes(route, example), ...refusedResponses(name, route.request !== undefined) },
  };
}

const requestBody = (schema: Schema, { body }: Example): Json => ({
  required: true,
  content: { [JSON_MEDIA]: { schema: referenceTo(componentOf(schema)), example: body } },
});

function successes({ result, successes: texts, showsVersion }: ApiRoute, example: Example): Record<string, Json> {
  const answer = (status: string, description: string): Json => ({
    description,
    headers: { ...contractHeader, ...(showsVersion ? etagHeader : {}) },
    content: {
      [JSON_MEDIA]: {
        schema: referenceTo(componentOf(result)),
        ...(Number(status) === example.status ? { example: example.result } : {}),
      },
    },
  });
  const entries = Object.entries(texts ?? { 200: 'Carried out, or answered' });
  return Object.fromEntries(entries.map(([status, description]) => [status, answer(status, description)]));
}

const PATH_PARAMETERS: Readonly<Record<string, Json>> = {
  pool: { description: "The pool's name", schema: inlineSchema(cniName) },
  address: {
    description: 'An IPv4 or IPv6 address without a prefix length',
    schema: { type: 'string', minLength: 1 },
  },
};

const inPath = ({ path }: ApiRoute, example: Example): Json[] =>
  parametersOf(path).map((name) => ({
    name,
    in: 'path',
    required: true,
    ...PATH_PARAMETERS[name],
    example: example.path?.[name],
  }));

function inQuery({ query }: ApiRoute, example: Example): Json[] {
  if (query === undefined) return [];
  const constant = nameOf(query);
  const { properties = {}, required = [] } = inlineSchema(query) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    description: propertyText(constant, name),
    schema,
    ...(example.query?.[name] === undefined ? {} : { example: example.query[name] }),
  }));
}

const parameterReference = (name: keyof typeof parameters): Json => ({ $ref: `#/components/parameters/${name}` });

export const parameters = {
  ContractVersion: {
    name: CONTRACT_HEADER,
    in: 'header',
    required: false,
    description:
      'The version of the contract that the caller speaks; left out: that of the service. Of a newer minor version what is not known here is left out, another major one is refused',
    schema: { ...contractVersion, pattern: `^${CONTRACT.major}\\.\\d{1,4}$` },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag of the pool as it was read. Where the pool has another version by now, the answer is 412',
    schema: { type: 'string', pattern: '^(\\*|"\\d{1,15}")$', examples: ['"3"'] },
  },
} as const;
