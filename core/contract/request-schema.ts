/** What a schema makes of a part of a request, and what it says of one that does not fit. */
import * as z from 'zod/mini';
import { LessorError } from './problems.ts';

type Schema = z.core.$ZodType;
type Issue = z.core.$ZodIssue;

/** Of a route that takes no parameters. */
export const nothing = z.strictObject({});

/** Of each the first ones are told: an answer must not be as long as whatever was sent. */
const MOST_ISSUES = 20;
const MOST_KEYS = 10;
const LONGEST_TEXT = 60;

/**
 * @param value what was read from the request for this call alone: what is left out is taken out of it
 * @param where what the value is, as a message begins with it
 * @param lenient whether the caller's version may have fields that this one does not know: they are left out
 * @throws LessorError request.invalid
 */
export function parse<S extends Schema>(schema: S, value: unknown, where: string, lenient: boolean): z.output<S> {
  const outcome = z.safeParse(schema, value, { reportInput: true });
  if (outcome.success) return outcome.data;
  // A caller of a later version is told of its own mistakes, not of what this version does not know.
  const issues = outcome.error.issues.filter((issue) => !(lenient && isUnknown(issue)));
  if (issues.length === 0) {
    for (const issue of outcome.error.issues.filter(isUnknown)) leaveOut(value, issue);
    return parse(schema, value, where, false);
  }
  const told = issues
    .slice(0, MOST_ISSUES)
    .map((issue) => `${[where, ...issue.path.map((step) => short(String(step)))].join('.')}: ${issueText(issue)}`);
  if (issues.length > MOST_ISSUES) told.push(`and ${issues.length - MOST_ISSUES} more`);
  throw new LessorError('request.invalid', told.join('; '), { facts: { issues: told } });
}

type Unrecognized = Extract<Issue, { code: 'unrecognized_keys' }>;
const isUnknown = (issue: Issue): issue is Unrecognized => issue.code === 'unrecognized_keys';

function leaveOut(value: unknown, { path, keys }: Unrecognized): void {
  let at = value as Record<PropertyKey, unknown>;
  for (const step of path) at = at[step] as Record<PropertyKey, unknown>;
  for (const key of keys) delete at[key];
}

/** The small build of zod says "Invalid input" wherever a schema brings no words of its own. */
function issueText(issue: Issue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `has no field ${keysText(issue.keys)}`;
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${issue.expected}${valueText(issue)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((one) => JSON.stringify(one)).join(' or ')}${valueText(issue)}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${sizeOf(issue.origin)}${valueText(issue)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${sizeOf(issue.origin)}${valueText(issue)}`;
    default:
      return `${issue.message}${valueText(issue)}`;
  }
}

const sizeOf = (origin: string): string => (origin === 'string' || origin === 'array' ? ' long' : '');

const short = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);

function keysText(keys: readonly string[]): string {
  const further = keys.length - MOST_KEYS;
  return [...keys.slice(0, MOST_KEYS).map(short), ...(further > 0 ? [`and ${further} more`] : [])].join(', ');
}

const valueText = ({ input }: Issue): string =>
  input === undefined ? '' : `, not ${JSON.stringify(input).slice(0, LONGEST_TEXT)}`;
