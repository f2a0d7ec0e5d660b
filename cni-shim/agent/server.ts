/** The agent's HTTP server: `/healthz` and `/metrics`, meant for the loopback interface. */
import { createServer, type Server } from 'node:http';
import { refusal } from '../machine/refusal.ts';

export interface Listening {
  readonly address: string;
  close(): Promise<void>;
}

export interface Pages {
  /** Undefined where all is well, else why not. */
  health(): string | undefined;
  metrics(): Promise<string>;
  readonly contentType: string;
}

/** @param listen `host:port` @throws LessorError `node.configuration` where it cannot listen there */
export async function serve(listen: string, pages: Pages): Promise<Listening> {
  const at = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(listen);
  if (at === null || Number(at[2]) > 65_535)
    throw refusal(
      'node.configuration',
      `--listen ${JSON.stringify(listen)} is no address`,
      'write it like 127.0.0.1:9464',
    );
  const server = createServer(async ({ url, method }, response) => {
    const text = { 'content-type': 'text/plain; charset=utf-8' };
    if (method !== 'GET' && method !== 'HEAD') return response.writeHead(405, text).end('GET only\n');
    if (url === '/metrics')
      return response.writeHead(200, { 'content-type': pages.contentType }).end(await pages.metrics());
    if (url !== '/healthz') return response.writeHead(404, text).end('there are /healthz and /metrics\n');
    const wrong = pages.health();
    return response.writeHead(wrong === undefined ? 200 : 503, text).end(`${wrong ?? 'ok'}\n`);
  });
  await listening(server, at[1] ?? '', Number(at[2]));
  const address = server.address();
  return {
    address: typeof address === 'object' && address !== null ? `${at[1]}:${address.port}` : listen,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      failed(
        refusal(
          'node.configuration',
          `cannot listen on ${host}:${port} (${cause.code})`,
          'name another address with --listen',
          cause,
        ),
      ),
    );
    server.listen(port, host, done);
  });
}
