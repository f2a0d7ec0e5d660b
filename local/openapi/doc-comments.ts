/** The doc comments of source text: what is written beside a schema is what readers of the API are told. */
import { parseSync } from 'oxc-parser';

/** A constant of a source file. */
export interface Documented {
  /** Its own comment. */
  readonly text: string | undefined;
  /** Comments of the members of the object that it is made of, by their names. */
  readonly members: ReadonlyMap<string, string>;
  /** Constants that members are, or wrap: `vrf`, `z.optional(pod)`. */
  readonly constants: ReadonlyMap<string, string>;
  /** Constants whose members it has too: `...counts`, `...poolPolicy.shape`, `z.extend(death, {})`. */
  readonly bases: readonly string[];
}

export interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  // biome-ignore lint/suspicious/noExplicitAny: a node of the syntax tree, whose members its type decides
  readonly [member: string]: any;
}

export interface Parsed {
  readonly body: readonly Syntax[];
  /** The doc comment of a part, between its stars. */
  before(syntax: Syntax): string | undefined;
}

export function parse(path: string, source: string): Parsed {
  const { program, comments } = parseSync(path, source);
  const ends = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'));
  return {
    body: program.body as unknown as Syntax[],
    /** Nothing but white space may stand between a comment and what it is about. */
    before: ({ start }) => ends.findLast(({ end }) => end <= start && source.slice(end, start).trim() === '')?.value,
  };
}

/** Every constant of the file's top level, by its name. */
export function docComments(path: string, source: string): Map<string, Documented> {
  const { body, before: rawBefore } = parse(path, source);
  const before = (syntax: Syntax): string | undefined => {
    const comment = rawBefore(syntax);
    return comment === undefined ? undefined : plain(comment);
  };
  const found = new Map<string, Documented>();
  for (const statement of body) {
    const declaration: Syntax | null = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations as Syntax[])
      found.set(id.name, { text: before(statement), ...membersOf(init, before) });
  }
  return found;
}

function membersOf(init: Syntax | null, before: (syntax: Syntax) => string | undefined): Omit<Documented, 'text'> {
  const members = new Map<string, string>();
  const constants = new Map<string, string>();
  const bases: string[] = init?.type === 'CallExpression' ? named(init.arguments[0]) : [];
  for (const property of objectIn(init)?.properties ?? []) {
    if (property.type === 'SpreadElement') bases.push(...named(property.argument));
    if (property.type !== 'Property') continue;
    const name = property.key.name ?? property.key.value;
    const [text, [constant]] = [before(property), named(property.value)];
    if (text !== undefined) members.set(name, text);
    if (constant !== undefined) constants.set(name, constant);
  }
  return { members, constants, bases };
}

/** The constant that an expression is, or of which it is the shape, or that a wrapper has as its first argument. */
function named(syntax: Syntax | null): [string] | [] {
  switch (syntax?.type) {
    case 'Identifier':
      return [syntax.name];
    case 'MemberExpression':
      return syntax.property.name === 'shape' ? named(syntax.object) : [];
    case 'CallExpression':
      return /^(optional|nullable|_default)$/.test(syntax.callee.property?.name) ? named(syntax.arguments[0]) : [];
    default:
      return [];
  }
}

/** The object literal in `{...}`, `{...} as const`, `{...} satisfies T` and in the arguments of a call. */
function objectIn(syntax: Syntax | null): Syntax | undefined {
  switch (syntax?.type) {
    case 'ObjectExpression':
      return syntax;
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return objectIn(syntax.expression);
    case 'CallExpression':
      return (syntax.arguments as Syntax[]).map(objectIn).find((found) => found !== undefined);
    default:
      return undefined;
  }
}

/** Without the stars; lines of a paragraph are joined, and what is for programmers alone is left out. */
export function plain(comment: string): string {
  const lines = comment
    .slice(1)
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trimEnd())
    .filter((line) => !line.startsWith('@'));
  const paragraphs = lines
    .join('\n')
    .trim()
    .split(/\n{2,}/);
  return paragraphs.map((paragraph) => paragraph.replaceAll('\n', ' ').trim()).join('\n\n');
}
