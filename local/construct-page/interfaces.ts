/** The interfaces of a source file, as its doc comments describe them. */
import { type Parsed, parse, plain, type Syntax } from '../openapi/doc-comments.ts';

export interface DocumentedField {
  readonly name: string;
  readonly isOptional: boolean;
  /** As it is written. */
  readonly type: string;
  readonly text: string;
  /** What counts where it is left out. */
  readonly otherwise: string | undefined;
}

export interface DocumentedInterface {
  readonly name: string;
  readonly text: string;
  readonly fields: readonly DocumentedField[];
}

/** Every exported interface, in their order. @throws Error that names what has no comment, or an optional field without `@default` */
export function interfacesOf(path: string, source: string): DocumentedInterface[] {
  const parsed = parse(path, source);
  return parsed.body.flatMap((statement): DocumentedInterface[] => {
    const declaration: Syntax | null = statement.declaration;
    if (statement.type !== 'ExportNamedDeclaration' || declaration?.type !== 'TSInterfaceDeclaration') return [];
    const name: string = declaration.id.name;
    const fields = (declaration.body.body as Syntax[]).map((member) => fieldOf(name, member, source, parsed));
    return [{ name, text: plain(commentOf(name, statement, parsed)), fields }];
  });
}

function commentOf(name: string, syntax: Syntax, { before }: Parsed): string {
  const comment = before(syntax);
  if (comment === undefined) throw new Error(`${name} has no doc comment`);
  return comment;
}

function fieldOf(owner: string, member: Syntax, source: string, parsed: Parsed): DocumentedField {
  const name: string = member.key.name;
  const comment = commentOf(`${owner}.${name}`, member, parsed);
  const [, otherwise] = /@default\s+(?:- )?(.+)/.exec(comment) ?? [];
  const isOptional: boolean = member.optional;
  if (isOptional && otherwise === undefined) throw new Error(`${owner}.${name} may be left out, and has no @default`);
  const { start, end } = member.typeAnnotation.typeAnnotation;
  return { name, isOptional, type: source.slice(start, end), text: plain(comment), otherwise };
}
