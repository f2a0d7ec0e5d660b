/** The HTTP surface as an OpenAPI 3.1 document, made from the routes and their schemas and from nothing else. */
import * as z from 'zod/mini';
import { parametersOf, type RouteName } from './paths.ts';
import { problems } from './problems.ts';
import { routes } from './routes.ts';
import { CONTRACT, CONTRACT_HEADER, contractText } from './version.ts';

/** One sentence for each route. */
const summaries: Record<RouteName, string> = {
  allocate: 'Lease an address of each range set for an attachment',
  release: 'Release what an attachment holds',
  giveBack: 'Give back a block that the node does not need',
  report: 'Report a lease that the node took from its own block while the API could not be reached',
  readiness: 'Say whether an ADD could be given an address',
  check: 'Say what an attachment of the calling node holds',
  ownLeases: 'List what the table has of the calling node',
  heartbeat: 'Note that the calling node is up',
  goodbye: "End the calling node's life by its own word: nothing runs there that holds an address",
  readNode: 'Read a node: its life, its blocks, when it was last heard of',
  listBlocks: 'List which node has which block',
  listPools: "List a VRF's pools",
  createPool: 'Create a pool; the same pool again changes nothing',
  readPool: 'Read a pool',
  changePool: 'Change the policy of a pool, drain it, or let it grow',
  deletePool: 'Delete a pool that holds no lease',
  listLeases: 'List the leases of a pool, held and cooling',
  usage: 'Count how full a pool is',
  whoHas: 'Say who has an address',
  searchAddress: 'Say who has an address, which is a parameter: for signers that encode a path once only',
  findLeases: 'List the addresses of a node or of pods',
  explain: 'Say why a pod gets an address, or none',
  declareDeath: "Declare that a node's present life is over",
  listDeaths: 'List the declared deaths and what was freed after them',
};

type Json = Readonly<Record<string, unknown>>;
type Schema = z.core.$ZodType;
interface Route {
  readonly method: string;
  readonly path: string;
  readonly caller: string;
  readonly request?: Schema;
  readonly query?: Schema;
  readonly result: Schema;
  /** It may be made for one version only, by If-Match. */
  readonly conditional?: boolean;
  /** What each status of a success means; left out: only 200 comes. */
  readonly successes?: Readonly<Record<number, string>>;
}

const REFERENCE = '#/components/schemas/';
const MEDIA = 'application/json';

/** @param version of the API, as semantic version */
export function openApiDocument(version: string): Json {
  const { paths, schemas } = operations();
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lessor',
      version,
      description:
        'IP address management for Kubernetes pods. Each request is signed with AWS Signature Version 4 (service execute-api).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: 'https://{api}.execute-api.{region}.amazonaws.com',
        description: 'The ApiEndpoint output of the stack',
        variables: { api: { default: 'abcdef1234' }, region: { default: 'us-east-1' } },
      },
    ],
    security: [{ sigv4: [] }],
    tags: [
      { name: 'node', description: 'What nodes call: the managed policy NodePolicy allows it' },
      {
        name: 'operator',
        description: 'What people and their tools call: the managed policy OperatorPolicy allows it',
      },
    ],
    paths,
    components: { schemas, ...headersAndSignature() },
  };
}

/** What there is at each path, and the schemas to which it refers. */
function operations(): { paths: Record<string, Record<string, Json>>; schemas: Record<string, Json> } {
  const all = Object.entries(routes) as [RouteName, Route][];
  const paths: Record<string, Record<string, Json>> = {};
  const schemas: Record<string, Json> = { Problem: problemSchema() };
  for (const [name, route] of all) {
    const component: Component = (suffix, schema, io) => {
      const title = `${name[0]?.toUpperCase()}${name.slice(1)}${suffix}`;
      schemas[title] = schemaOf(schema, io);
      return { schema: { $ref: `${REFERENCE}${title}` } };
    };
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route, component) };
  }
  return { paths, schemas };
}

/** Puts a schema beside the others, and refers to it. */
type Component = (suffix: 'Request' | 'Result', schema: Schema, io: 'input' | 'output') => Json;

function operation(name: RouteName, route: Route, component: Component): Json {
  const success = (description: string): Json => ({
    description,
    headers: contractHeader,
    content: { [MEDIA]: component('Result', route.result, 'output') },
  });
  return {
    operationId: name,
    summary: summaries[name],
    tags: [route.caller],
    parameters: parameters(route),
    ...(route.request
      ? { requestBody: { required: true, content: { [MEDIA]: component('Request', route.request, 'input') } } }
      : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.successes ?? { 200: 'Done' }).map(([status, description]) => [
          status,
          success(description),
        ]),
      ),
      '4XX': refused('Refused: the request has to change, or the state does'),
      '5XX': refused('Not carried out, or the answer is lost: the same request may be repeated'),
    },
  };
}

/** The version of the contract, which each request may name and each answer names; and how requests are signed. */
const headersAndSignature = (): Json => ({
  parameters: {
    ContractVersion: {
      name: CONTRACT_HEADER,
      in: 'header',
      required: false,
      description:
        'The version that the caller speaks: of a newer minor version what is not known here is left out, another major one is refused',
      schema: contractVersion,
    },
  },
  headers: {
    ContractVersion: {
      required: true,
      description: 'The version that the service speaks',
      schema: contractVersion,
    },
  },
  securitySchemes: {
    sigv4: {
      type: 'apiKey',
      name: 'Authorization',
      in: 'header',
      description: 'AWS Signature Version 4',
      'x-amazon-apigateway-authtype': 'awsSigv4',
    },
  },
});

const contractHeader = { [CONTRACT_HEADER]: { $ref: '#/components/headers/ContractVersion' } };

function refused(description: string): Json {
  return {
    description,
    headers: contractHeader,
    content: { 'application/problem+json': { schema: { $ref: `${REFERENCE}Problem` } } },
  };
}

function schemaOf(schema: Schema, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

function parameters({ path, query, conditional }: Route): Json[] {
  const inPath = parametersOf(path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const { properties = {}, required = [] } = query
    ? (schemaOf(query, 'input') as { properties?: Record<string, Json>; required?: string[] })
    : {};
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
  const inHeader = {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag of what was read: with another version there now, the answer is 412',
    schema: { type: 'string' },
  };
  const version = { $ref: '#/components/parameters/ContractVersion' };
  return [...inPath, ...inQuery, version, ...(conditional ? [inHeader] : [])];
}

const contractVersion = { type: 'string', pattern: '^\\d{1,4}\\.\\d{1,4}$', examples: [contractText(CONTRACT)] };

/** RFC 9457 with Lessor's members; facts of the occurrence are further members. */
function problemSchema(): Json {
  const text = { type: 'string' };
  return {
    type: 'object',
    required: ['type', 'title', 'status', 'detail', 'code', 'retryable'],
    properties: {
      type: { type: 'string', format: 'uri' },
      title: text,
      status: { type: 'integer' },
      detail: { type: 'string', description: 'Names the field, the value and the remedy' },
      remedy: { type: 'string', description: 'What to do, as the detail says it last' },
      code: {
        type: 'string',
        enum: Object.entries(problems).flatMap(([code, kind]) => ('status' in kind ? [code] : [])),
      },
      retryable: { type: 'boolean', description: 'Whether the identical request may succeed later' },
      requestId: text,
    },
  };
}
