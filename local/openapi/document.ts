/** The HTTP surface as an OpenAPI 3.1 document, made from the routes, their schemas and what is written beside them. */
import type { RouteName } from '../../core/contract/paths.ts';
import { routes } from '../../core/contract/routes.ts';
import { componentsOf, type Json } from './components.ts';
import { type ApiRoute, operation, parameters } from './operation.ts';
import { answerSchemas, gatewayResponses, headers } from './responses.ts';

const all = Object.entries(routes) as [RouteName, ApiRoute][];

/** @param version of the API, as semantic version */
export function openApiDocument(version: string): Json {
  const requests = all.flatMap(([, { request }]) => request ?? []);
  const results = all.map(([, { result }]) => result);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lessor',
      version,
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: 'https://{api}.execute-api.{region}.amazonaws.com',
        description: 'The ApiEndpoint output of the stack',
        variables: {
          api: { default: 'abcdef1234', description: 'The id of the HTTP API' },
          region: { default: 'us-east-1', description: 'The region of the stack, for which requests are signed' },
        },
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
    paths: operations(),
    components: {
      schemas: { ...componentsOf(requests, results), ...answerSchemas },
      parameters,
      headers,
      responses: gatewayResponses(),
      securitySchemes,
    },
  };
}

const INTRODUCTION = `IP address management for Kubernetes pods.

Each request is signed with AWS Signature Version 4 (service \`execute-api\`). A minor version of the contract adds fields to results, routes, and optional fields to requests: take no offence at fields of a result that you do not know. Requests are strict: a field or parameter that the service does not know is refused. Problems are \`application/problem+json\` (RFC 9457) and say whether the same request may be repeated; every request may be repeated as it is.`;

function operations(): Record<string, Record<string, Json>> {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of all)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  return paths;
}

const securitySchemes: Json = {
  sigv4: {
    type: 'apiKey',
    name: 'Authorization',
    in: 'header',
    description: 'AWS Signature Version 4: service `execute-api`, the region of the stack',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
};
