/** docs/construct.md: every prop of the construct and every field of the settings file, as the source describes it. */
import { readFileSync } from 'node:fs';
import { type DocumentedField, type DocumentedInterface, interfacesOf } from './interfaces.ts';

const INTRODUCTION = `# The construct and its settings

This page is made from the comments in [\`infra/lessor-props.ts\`](../infra/lessor-props.ts), [\`infra/pool-props.ts\`](../infra/pool-props.ts) and [\`infra/settings.ts\`](../infra/settings.ts), by \`npm run construct\`. How they are used is in [deploy.md](deploy.md).

\`new Lessor(scope, id, props)\` makes one deployment. The ready-made app makes one for each stack in \`lessor.settings.ts\`, with the same props. A prop that is unknown or wrong is refused in one line, with its value and what to give instead.

The construct has \`endpoint\` (for the nodes' configuration), \`nodePolicy\` and \`operatorPolicy\` (managed policies to attach), \`functions\` (by name, each with \`live\`, its alias), and \`restoreOutputs\` (what [a backup and a restore](restore.md) read from the outputs of its stack).
`;

const SOURCES = ['infra/lessor-props.ts', 'infra/pool-props.ts', 'infra/settings.ts'];

export function constructPage(): string {
  const interfaces = SOURCES.flatMap((path) =>
    interfacesOf(path, readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')),
  );
  return [INTRODUCTION, ...interfaces.map(section)].join('\n');
}

const section = ({ name, text, fields }: DocumentedInterface): string =>
  [
    `## ${name}\n`,
    `${text}\n`,
    '| field | type | default | meaning |',
    '|---|---|---|---|',
    ...fields.map(row),
    '',
  ].join('\n');

const row = ({ name, isOptional, type, text, otherwise }: DocumentedField): string =>
  `| ${[`\`${name}\``, code(type), isOptional ? cell(otherwise ?? '') : '**required**', cell(text)].join(' | ')} |`;

const cell = (text: string): string => text.replaceAll(/\n+/g, ' ').replaceAll('|', '\\|');
const code = (text: string): string => `\`${cell(text.replaceAll(/\s+/g, ' '))}\``;
