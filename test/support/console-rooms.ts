/** The rooms of the console, from the ground up, for the rules of the architecture. */

/** Of the API it knows the types alone: what it is made of runs in the process, with the credentials. */
const onPage = (name: string, ...knows: (string | RegExp)[]) => ({
  room: `console/page/${name}${name.includes('.') ? '' : '/'}`,
  knows: [
    'core/contract/',
    'lessorctl/api/',
    'console/first-question.ts',
    ...knows
      .filter((one) => typeof one === 'string')
      .map((one) => `console/page/${one}${one.includes('.') ? '' : '/'}`),
  ],
  packages: [/^preact(\/hooks)?$/, /^@preact\/signals$/, ...knows.filter((one) => one instanceof RegExp)],
});

export const consoleRooms = [
  { room: 'console/first-question.ts', knows: [] },
  { room: 'console/build/', knows: [], packages: [/^node:/, /^esbuild$/] },
  {
    room: 'console/server/',
    knows: ['core/contract/', 'lessorctl/api/', 'console/build/', 'console/first-question.ts'],
    packages: [/^node:/, /^zod\/mini$/],
  },
  onPage('space', /^ip-address$/),
  onPage('ask'),
  onPage('fleet', 'space', 'ask'),
  onPage('route.ts'),
  onPage('parts', 'space', 'ask', 'route.ts', /^d3-(scale|shape)$/),
  onPage('map', 'space', 'fleet', 'route.ts'),
  onPage('views', 'space', 'ask', 'fleet', 'route.ts', 'parts', 'map', /^d3-(scale|shape)$/),
  onPage('app.tsx', 'ask', 'fleet', 'route.ts', 'parts', 'views'),
  onPage('main.tsx', 'fleet', 'app.tsx'),
];
