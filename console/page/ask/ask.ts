/** Asks the console's process, which asks the API. At most some questions are under way. */
import type { Answered, ListRoute, OperatorRoute, ServiceQuestion } from '../../../lessorctl/api/service.ts';

/** What was refused, and why: as the API says it. */
export class QuestionRefused extends Error {
  readonly code: string;
  readonly remedy: string | undefined;

  constructor(code: string, what: string, remedy?: string) {
    super(what);
    this.code = code;
    this.remedy = remedy;
  }
}

const AT_ONCE = 6;
const waiting: (() => void)[] = [];
let underWay = 0;

async function turn(): Promise<void> {
  if (underWay < AT_ONCE) underWay += 1;
  else await new Promise<void>((go) => waiting.push(go));
}

function done(): void {
  const next = waiting.shift();
  if (next === undefined) underWay -= 1;
  else next();
}

/** @throws QuestionRefused; DOMException AbortError where it is not wanted any more */
async function post(path: string, question: object, signal: AbortSignal | undefined): Promise<Response> {
  signal?.throwIfAborted();
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question),
    ...(signal === undefined ? {} : { signal }),
  };
  const answer = await fetch(path, init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new QuestionRefused(
      'console.gone',
      'lessorctl ui has ended',
      'start it again, and open the address that it prints',
    );
  });
  const type = answer.headers.get('content-type') ?? '';
  if (!/^application\/(json|x-ndjson)/.test(type))
    throw new QuestionRefused('console.closed', (await answer.text()).trim());
  return answer;
}

const refusedBy = ({ code, detail, remedy }: { code: string; detail: string; remedy?: string }) =>
  new QuestionRefused(code, detail, remedy);

/** @throws QuestionRefused; DOMException AbortError where it is not wanted any more */
export async function send<Name extends OperatorRoute>(
  name: Name,
  question: ServiceQuestion<Name> = {},
  signal?: AbortSignal,
): Promise<Answered<Name>> {
  await turn();
  try {
    const answer = await post(`/ask/${name}`, question, signal);
    const body = await answer.json();
    if (!answer.ok) throw refusedBy(body);
    return { status: answer.status, etag: body.etag, result: body.result };
  } finally {
    done();
  }
}

export const ask = async <Name extends OperatorRoute>(
  name: Name,
  question: ServiceQuestion<Name> = {},
  signal?: AbortSignal,
): Promise<Answered<Name>['result']> => (await send(name, question, signal)).result;

/** Page by page, as the process reads them. @throws as `send` */
export async function* pages<Name extends ListRoute>(
  name: Name,
  question: ServiceQuestion<Name> = {},
  signal?: AbortSignal,
): AsyncGenerator<Answered<Name>['result']> {
  await turn();
  try {
    const answer = await post(`/pages/${name}`, question, signal);
    for await (const line of linesOf(answer)) {
      const { status, body } = JSON.parse(line);
      if (status !== 200) throw refusedBy(body);
      yield body.result;
    }
  } finally {
    done();
  }
}

/** Whoever reads no further ends the answer. */
async function* linesOf({ body }: Response): AsyncGenerator<string> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let isOver = false;
  try {
    for (;;) {
      const { value, done: isLast } = await reader.read();
      isOver = isLast;
      const lines = (rest + decoder.decode(value, { stream: !isLast })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (isLast) return;
    }
  } finally {
    if (!isOver) await reader.cancel();
  }
}
