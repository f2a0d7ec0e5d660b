/** Whether an answer is one that the OpenAPI document tells of: its status, media type, headers, schema, and its problem's code. */
import { Ajv2020, type ValidateFunction } from '@redocly/ajv/dist/2020.js';
import { paths, type RouteName } from '../../core/contract/paths.ts';
import { refusals } from '../../core/contract/refusals.ts';
import { openApiDocument } from '../../local/openapi/document.ts';

// biome-ignore lint/suspicious/noExplicitAny: a document of JSON, looked into wherever a test wants
export type Document = any;

export const document: Document = openApiDocument('0.0.0');

/** What `$ref` names, or the object itself. */
export function resolved(part: Document, within: Document = document): Document {
  if (typeof part?.$ref !== 'string') return part;
  const steps: string[] = part.$ref.slice(2).split('/');
  return steps.reduce((at, step) => at[step.replaceAll('~1', '/').replaceAll('~0', '~')], within);
}

/** Validates against a schema that stands at `pointer` of the document: `/components/schemas/Pool`. */
export function validators(of: Document = document): (pointer: string) => ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { uri: true, 'date-time': true } });
  ajv.addSchema({ ...of, $id: 'openapi' });
  return (pointer) => ajv.compile({ $ref: `openapi#${pointer}` });
}

export const operationOf = (name: RouteName, within: Document = document): Document =>
  within.paths[paths[name].path][paths[name].method.toLowerCase()];

export interface Answer {
  readonly status: number;
  /** By their names in lower case. */
  readonly header: (name: string) => string | undefined;
  readonly body: unknown;
}

const validatorOf = validators();
const compiled = new Map<string, ValidateFunction>();

function problemsOf(schema: Document, body: unknown): string[] {
  const pointer = String(schema.$ref).slice(1);
  const validate = compiled.get(pointer) ?? validatorOf(pointer);
  compiled.set(pointer, validate);
  return validate(body) ? [] : (validate.errors ?? []).map((one) => `${pointer}${one.instancePath} ${one.message}`);
}

/** What the document does not tell of an answer of a route; nothing where it tells all. */
export function undocumented(name: RouteName, { status, header, body }: Answer): string[] {
  const response = resolved(operationOf(name).responses[status]);
  if (response === undefined) return [`${name} answers ${status}`];
  const media = header('content-type')?.split(';')[0] ?? '';
  const content = response.content[media];
  if (content === undefined) return [`${name} answers ${status} as ${media}`];
  const headers = Object.entries(response.headers ?? {}).flatMap(([one, at]) => {
    const { required, schema } = resolved(at);
    const value = header(one.toLowerCase());
    if (value === undefined) return required ? [`${name} answers ${status} without ${one}`] : [];
    return new RegExp(schema.pattern).test(value) ? [] : [`${name} answers ${status} with ${one}: ${value}`];
  });
  const { code } = (body ?? {}) as { code?: unknown };
  const known: readonly unknown[] = refusals[name];
  const unknown =
    media === 'application/problem+json' && !known.includes(code) ? [`${name} is refused with ${code}`] : [];
  return [...headers, ...unknown, ...problemsOf(content.schema, body).map((one) => `${name} ${status}: ${one}`)];
}
