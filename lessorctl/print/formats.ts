/** An outcome in one of its forms. */
import { shownJson, shownText } from '../../core/contract/shown-text.ts';
import type { Paint } from './colours.ts';
import { layOut } from './lay-out.ts';
import type { CommandOutcome, Format } from './outcome.ts';

interface Place {
  readonly columns: number | undefined;
  readonly paint: Paint;
}

export async function formatted(outcome: CommandOutcome, format: Format, { columns, paint }: Place): Promise<string> {
  switch (format) {
    case 'json':
      return `${jsonText(outcome.document)}\n`;
    case 'yaml': {
      const { stringify } = await import('yaml');
      return escaped(stringify(outcome.document, { lineWidth: 0, aliasDuplicateObjects: false }));
    }
    case 'name':
      return outcome.names.map((name) => `${shownText(name)}\n`).join('');
    case 'wide':
      return layOut(outcome.view(true), { width: undefined, paint });
    case 'table':
      return layOut(outcome.view(false), { width: columns, paint });
  }
}

export const jsonText = (value: unknown): string => shownJson(JSON.stringify(value, undefined, 2));

const LEFT = /[\u007f-\u009f]/g;

/** The same value: YAML has these in quotes only, and leaves them as they are. A terminal takes U+009B for the escape. */
const escaped = (text: string): string => text.replace(LEFT, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
