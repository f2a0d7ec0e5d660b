/** Event patterns of EventBridge (user guide, "Creating event patterns"), as far as a template of ours has them. */

type Matches = (value: unknown) => boolean;

/**
 * Exact values, `prefix`, `suffix`, `equals-ignore-case`, `anything-but`, `numeric` and `exists`.
 * @param where what an error calls the pattern
 * @throws Error where the pattern has anything else: a rule that is misread would match nothing, or all
 */
export function matcherOf(pattern: unknown, where: string): Matches {
  if (!isObject(pattern) || Object.keys(pattern).length === 0) throw notUnderstood(pattern, where);
  const fields = Object.entries(pattern).map(([key, wanted]): Matches => {
    if (key.startsWith('$')) throw notUnderstood(key, where);
    const at = `${where}.${key}`;
    const matches = Array.isArray(wanted) ? oneOf(wanted, at) : matcherOf(wanted, at);
    return (event) => matches(isObject(event) ? event[key] : undefined);
  });
  return (event) => fields.every((matches) => matches(event));
}

/** Any of the values; where the event has a list, any of its elements. */
function oneOf(wanted: readonly unknown[], where: string): Matches {
  if (wanted.length === 0) throw notUnderstood(wanted, where);
  const conditions = wanted.map((one, index) => condition(one, `${where}[${index}]`));
  return (value) => {
    const values = Array.isArray(value) && value.length > 0 ? value : [value];
    return values.some((one) => conditions.some((matches) => matches(one)));
  };
}

function condition(wanted: unknown, where: string): Matches {
  if (!isObject(wanted)) return exactly(wanted, where);
  const [[operator, operand] = ['', undefined], ...others] = Object.entries(wanted);
  const matches = others.length > 0 ? undefined : OPERATORS[operator]?.(operand, where);
  if (matches === undefined) throw notUnderstood(wanted, where);
  return matches;
}

function exactly(wanted: unknown, where: string): Matches {
  if (wanted !== null && !['string', 'number', 'boolean'].includes(typeof wanted)) throw notUnderstood(wanted, where);
  return (value) => value === wanted;
}

const ofText =
  (test: (value: string, wanted: string) => boolean) =>
  (wanted: unknown): Matches | undefined =>
    typeof wanted === 'string' ? (value) => typeof value === 'string' && test(value, wanted) : undefined;

/** Each is undefined where the operand is none that it takes. */
const OPERATORS: Readonly<Record<string, (operand: unknown, where: string) => Matches | undefined>> = {
  prefix: ofText((value, wanted) => value.startsWith(wanted)),
  suffix: ofText((value, wanted) => value.endsWith(wanted)),
  'equals-ignore-case': ofText((value, wanted) => value.toLowerCase() === wanted.toLowerCase()),
  // A field that is not there is not anything but something.
  'anything-but': (operand, where) => {
    const isAny = oneOf([operand].flat(), where);
    return (value) => value !== undefined && !isAny(value);
  },
  exists: (operand) => (typeof operand === 'boolean' ? (value) => (value !== undefined) === operand : undefined),
  numeric: (operand) => {
    if (!Array.isArray(operand) || operand.length === 0 || operand.length % 2 !== 0) return undefined;
    const bounds: ((value: number) => boolean)[] = [];
    for (let index = 0; index < operand.length; index += 2) {
      const compare = COMPARISONS[String(operand[index])];
      const bound: unknown = operand[index + 1];
      if (compare === undefined || typeof bound !== 'number') return undefined;
      bounds.push((value) => compare(value, bound));
    }
    return (value) => typeof value === 'number' && bounds.every((holds) => holds(value));
  },
};

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const notUnderstood = (value: unknown, where: string): Error =>
  new Error(`${where} has ${JSON.stringify(value)}, which no pattern has here; teach it in local/aws/event-pattern.ts`);
