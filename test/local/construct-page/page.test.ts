import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { propRules } from '../../../infra/check-props.ts';
import { interfacesOf } from '../../../local/construct-page/interfaces.ts';
import { constructPage } from '../../../local/construct-page/page.ts';

describe('docs/construct.md', () => {
  it('is what the source says: `npm run construct` writes it', () => {
    expect(readFileSync(new URL('../../../docs/construct.md', import.meta.url), 'utf8')).toBe(constructPage());
  });

  it('has every prop that the construct takes', () => {
    const props = Object.keys({ ...propRules.required, ...propRules.optional });
    expect(props.length).toBeGreaterThan(10);
    for (const prop of props) expect(constructPage()).toContain(`\n| \`${prop}\` | `);
  });
});

describe('an interface', () => {
  it('is told with its fields, their types and defaults', () => {
    const source = `
      /** What is chosen. */
      export interface Choices {
        /** A name. */
        readonly name: string;
        /**
         * How many,
         * of each.
         * @default - one of a kind
         */
        readonly count?: number | 'none';
      }
      interface Hidden { x: number }`;
    expect(interfacesOf('a.ts', source)).toEqual([
      {
        name: 'Choices',
        text: 'What is chosen.',
        fields: [
          { name: 'name', isOptional: false, type: 'string', text: 'A name.', otherwise: undefined },
          {
            name: 'count',
            isOptional: true,
            type: "number | 'none'",
            text: 'How many, of each.',
            otherwise: 'one of a kind',
          },
        ],
      },
    ]);
  });

  it.each([
    ['export interface A { x: 1 }', 'A.x has no doc comment'],
    ['/** A. */ export interface A { /** X. */ x?: 1 }', 'A.x may be left out, and has no @default'],
    ['export interface A {}', 'A has no doc comment'],
  ])('%s is refused', (source, says) => {
    expect(() => interfacesOf('a.ts', source)).toThrow(says);
  });
});
