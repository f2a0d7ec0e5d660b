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
      const { Document, visit } = await import('yaml');
      const yaml = new Document(outcome.document, { aliasDuplicateObjects: false });
      // In quotes only there are escapes.
      visit(yaml, {
        Scalar: (_, scalar) => {
          if (String(scalar.value).search(LEFT) >= 0) scalar.type = 'QUOTE_DOUBLE';
        },
      });
      return escaped(yaml.toString({ lineWidth: 0 }));
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

const LEFT = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The same value: YAML leaves these as they are. A terminal takes U+009B for the escape. */
const escaped = (text: string): string =>
  text.replace(LEFT, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
