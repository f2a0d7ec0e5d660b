/** What a schema makes of a part of a request, and what it says of one that does not fit. */
import * as z from 'zod/mini';
import { LessorError } from '../../core/contract/problems.ts';

type Schema = z.core.$ZodType;

/**
 * @param where what the value is, as a message begins with it
 * @param lenient whether the caller's version may have fields that this one does not know: they are left out
 * @throws LessorError request.invalid
 */
export function parse<S extends Schema>(schema: S, value: unknown, where: string, lenient: boolean): z.output<S> {
  const outcome = z.safeParse(schema, value, { reportInput: true });
  if (outcome.success) return outcome.data;
  const unknown = outcome.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
  // What is left must be right: a caller is told of its own mistakes, not of what this version does not know.
  if (lenient && unknown.length > 0) return parse(schema, unknown.reduce(withoutUnknown, value), where, false);
  const issues = outcome.error.issues.map(
    (issue) => `${[where, ...issue.path.map(String)].join('.')}: ${issueText(issue)}`,
  );
  throw new LessorError('request.invalid', issues.join('; '), { facts: { issues } });
}

function withoutUnknown(value: unknown, { path, keys }: { path: PropertyKey[]; keys: string[] }): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    const kept = Object.entries(value as object).filter(([key]) => !keys.includes(key));
    return Object.fromEntries(kept);
  }
  const inner = withoutUnknown((value as Record<PropertyKey, unknown>)[step], { path: rest, keys });
  return Array.isArray(value)
    ? value.map((one, index) => (index === step ? inner : one))
    : { ...(value as object), [step]: inner };
}

/** The small build of zod says "Invalid input" wherever a schema brings no words of its own. */
function issueText(issue: z.core.$ZodIssue): string {
  const value = issue.input === undefined ? '' : `, not ${JSON.stringify(issue.input).slice(0, 60)}`;
  switch (issue.code) {
    case 'unrecognized_keys':
      return `has no field ${issue.keys.join(', ')}`;
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${issue.expected}${value}`;
    case 'invalid_value':
      return `must be ${issue.values.map((one) => JSON.stringify(one)).join(' or ')}${value}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${sizeOf(issue.origin)}${value}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${sizeOf(issue.origin)}${value}`;
    default:
      return `${issue.message}${value}`;
  }
}

const sizeOf = (origin: string): string => (origin === 'string' || origin === 'array' ? ' long' : '');
