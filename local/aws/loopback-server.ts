/** HTTP servers on 127.0.0.1. */
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LessorError } from '../../core/contract/problems.ts';

/**
 * Takes a port of 127.0.0.1; 0 takes any free one.
 * @throws LessorError service.unavailable if the port is taken
 */
export async function listen(port: number): Promise<Server> {
  // Node's own 16 KB would cut off, without an answer of ours, what API Gateway answers.
  const server = http.createServer({ maxHeaderSize: 256 * 1024 });
  await new Promise<void>((listening, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      failed(
        new LessorError('service.unavailable', `Port ${port} of 127.0.0.1 cannot be used (${error.code})`, {
          remedy: 'end the program that has it, or choose another one (--port)',
          cause: error,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', listening);
  });
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Cuts the connections that are open. */
export function close(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
