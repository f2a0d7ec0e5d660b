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
      // In quotes only there are escapes, and they are those of JSON.
      visit(yaml, {
        Scalar: (_, scalar) => {
          const text = String(scalar.value);
          if (shownJson(text) !== text) scalar.type = 'QUOTE_DOUBLE';
        },
      });
      return shownJson(yaml.toString({ lineWidth: 0 }));
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
