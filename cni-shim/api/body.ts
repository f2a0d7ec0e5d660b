/** What an endpoint sent, as far as memory is to be spent on it. */

/** Bytes: API Gateway sends no more, and nobody bounds what a wrong endpoint sends. */
const LONGEST_ANSWER = 10 << 20;

/** The beginning of a longer one, with which nothing can be done. @throws what `fetch` throws where it breaks off */
export async function answerText(response: Response): Promise<string> {
  const { headers } = response;
  const told = Number(headers.get('content-length') ?? Number.NaN);
  // It ends there; loading streams would take a starting process longer than to read it. What is compressed may become longer.
  if (told <= LONGEST_ANSWER && !headers.has('content-encoding')) return response.text();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    bytes += piece.byteLength;
    // Leaving the loop ends the transfer.
    if (bytes > LONGEST_ANSWER) return text;
  }
  return text + decoder.decode();
}
