/** An outcome in one of its forms. */
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
      return `${JSON.stringify(outcome.document, undefined, 2)}\n`;
    case 'yaml': {
      const { stringify } = await import('yaml');
      return stringify(outcome.document, { lineWidth: 0, aliasDuplicateObjects: false });
    }
    case 'name':
      return outcome.names.map((name) => `${name}\n`).join('');
    case 'wide':
      return layOut(outcome.view(true), { width: undefined, paint });
    case 'table':
      return layOut(outcome.view(false), { width: columns, paint });
  }
}
