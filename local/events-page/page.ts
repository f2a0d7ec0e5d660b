/** docs/events.md: every event with its fields, as the contract's source describes them, and an example. */
import { EVENT_SOURCE, type EventType } from '../../core/contract/event-types.ts';
import { eventTypes } from '../../core/contract/events.ts';
import { inlineSchema, type Json } from '../openapi/components.ts';
import { propertyText, textOf } from '../openapi/contract-source.ts';
import { eventExamples } from './examples.ts';

const INTRODUCTION = `# Events

What happens to nodes, blocks, pools and, where it is asked for, single leases is told on an event bus of EventBridge. This page is made from [\`core/contract/events.ts\`](../core/contract/events.ts) by \`npm run events\`.

## To get them

Each deployment has a bus of its own: \`lessor.events.bus\` of the construct, \`EventBusArn\` of the ready-made app's outputs. A rule on it passes on what you want:

\`\`\`ts
new Rule(this, 'DeadNodes', {
  eventBus: lessor.events!.bus, // there is none with events: 'none'
  eventPattern: { source: ['lessor'], detailType: ['Lessor Node Dead'], detail: { cluster: ['production'] } },
  targets: [new SnsTopic(onCall)],
});
\`\`\`

| setting | default | |
|---|---|---|
| \`events\` | | \`'none'\`: there is no bus, and nothing is told |
| \`events.leases\` | \`false\` | whether each lease that begins or ends is an event |

With [attached tables](restore.md) nodes, blocks and pools are told only where \`tables.poolsStreamArn\` names the stream of the pools table.

## What is promised

- **Nothing is missed, and some things come twice.** Nodes, blocks, pools and leases are told by the changes of the tables. What EventBridge does not take is tried again, for a day (single leases: for ten minutes). So may be what it did take. \`detail.id\` is made of what happened: it is the same each time. Whoever does something for an event remembers the ids of a day, and passes over those that it knows.
- **The order is not kept.** \`detail.at\` is when it happened; a block's \`generation\` and a node's \`incarnation\` only grow.
- *Lessor Lease Lost* and *Lessor Node In Doubt* have no change of a table behind them. They are told when the node, or the hourly look, says so, and again when it says so again. What could not be put is not kept. That EC2 does not answer is no doubt about a node: alarms tell it.
- ADD and DEL tell nothing, and wait for nothing.
- **Fields are only added.** Where one changes its meaning, \`version\` grows, and both versions are told for a release. Take no offence at fields that you do not know.

A pool is *near exhaustion* from 85 % on, until it is below 75 %, and *exhausted* when all of it is taken, until 5 % are free. Each is told once. A pool is looked at when something in it changed, once a minute while less than half of it is taken, and all pools once an hour. Where blocks belong to nodes, they count; of more than 4,096 of them only the hourly look does. Where a pool is shared, what cools and what is reserved is seen by the hourly look only: so is that there is room again.

EventBridge takes $1 for a million events. A thousand nodes that come and go each day are some thousand; with \`events.leases\` a million pods are two million.

Each event has the source \`${EVENT_SOURCE}\`. The bus is the deployment's own, so that the source needs not say whose it is.
`;

export function eventsPage(): string {
  const types = Object.keys(eventTypes) as EventType[];
  const list = types.map((type) => `| [${eventTypes[type].detailType}](#${anchor(type)}) | ${firstOf(type)} |`);
  return [INTRODUCTION, '| detail-type | |', '|---|---|', ...list, '', ...types.map(section)].join('\n');
}

const anchor = (type: EventType): string => eventTypes[type].detailType.toLowerCase().replaceAll(' ', '-');
const firstOf = (type: EventType): string =>
  cell(/^.*?[.:](?= |$)/.exec(textOf(type) ?? '')?.[0].replace(/:$/, '.') ?? '');

function section(type: EventType): string {
  const { detailType, detail } = eventTypes[type];
  const { properties = {}, required = [] } = inlineSchema(detail) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  const rows = Object.entries(properties).map(([name, json]) => {
    const presence = required.includes(name) ? '' : ', or absent';
    return `| \`${name}\` | ${typeOf(json)}${presence} | ${cell(propertyText(type, name) ?? missing(type, name))} |`;
  });
  const example = JSON.stringify(eventExamples[type], null, 2);
  const table = ['| field | type | |', '|---|---|---|', ...rows].join('\n');
  return `## ${detailType}\n\n${textOf(type)}\n\n${table}\n\n\`\`\`json\n${example}\n\`\`\`\n`;
}

function missing(type: string, name: string): never {
  throw new Error(`${type}.${name} has no doc comment`);
}

function typeOf(json: Json): string {
  if (Array.isArray(json.enum)) return json.enum.map((one) => `\`${one}\``).join(' or ');
  if (json.const !== undefined) return `\`${json.const}\``;
  if (json.type === 'array') return `list of ${typeOf(json.items as Json)}`;
  if (json.type === 'object')
    return `object of ${Object.keys(json.properties as Json)
      .map((name) => `\`${name}\``)
      .join(', ')}`;
  return json.type === 'string' ? 'text' : String(json.type);
}

const cell = (text: string): string => text.replaceAll(/\n+/g, ' ').replaceAll('|', '\\|');
