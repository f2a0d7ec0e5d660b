/** Asks the console's process, which asks the API. At most some questions are under way. */
import type { Answered, OperatorRoute, ServiceQuestion } from '../../../lessorctl/api/service.ts';

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
export async function send<Name extends OperatorRoute>(
  name: Name,
  question: ServiceQuestion<Name> = {},
  signal?: AbortSignal,
): Promise<Answered<Name>> {
  await turn();
  try {
    signal?.throwIfAborted();
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(question),
      ...(signal === undefined ? {} : { signal }),
    };
    const answer = await fetch(`/ask/${name}`, init).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new QuestionRefused(
        'console.gone',
        'lessorctl ui has ended',
        'start it again, and open the address that it prints',
      );
    });
    const json = (answer.headers.get('content-type') ?? '').startsWith('application/json');
    if (!json) throw new QuestionRefused('console.closed', (await answer.text()).trim());
    const body = await answer.json();
    if (!answer.ok) throw new QuestionRefused(body.code, body.detail, body.remedy);
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
