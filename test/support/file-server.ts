import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a file is served; several ills may come together. */
export interface Served {
  readonly bytes: Uint8Array;
  /** Answers in order: the connection is cut after so many bytes of each. */
  readonly cuts?: readonly number[];
  /** Whether parts are served on request. */
  readonly ranges?: boolean;
  /** Never says anything. */
  readonly silent?: boolean;
  /** Goes on for ever. */
  readonly endless?: boolean;
}

/** A real HTTP server of some files, that can fail like one. */
export interface FileServer {
  readonly url: URL;
  /** Path and range of every request. */
  readonly requests: readonly string[];
  serve(path: string, served: Served): void;
  close(): Promise<void>;
}

function send(request: IncomingMessage, response: ServerResponse, served: Served, cut: number | undefined): void {
  const { bytes, ranges = true, silent, endless } = served;
  if (silent === true) return;
  const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  const from = ranges && match !== null ? Number(match[1]) : 0;
  if (from > 0 && from >= bytes.length) {
    response.writeHead(416).end();
    return;
  }
  const rest = bytes.subarray(from);
  const headers = from > 0 ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, endless === true ? {} : { ...headers, "content-length": rest.length });
  if (endless === true) {
    const more = (): void => {
      if (!response.destroyed) response.write(bytes, more);
    };
    more();
  } else if (cut === undefined || cut >= rest.length) response.end(rest);
  else {
    // The end of the stream follows the bytes, so that all of them arrive.
    response.write(rest.subarray(0, cut), () => response.socket?.end());
  }
}

export async function startFileServer(): Promise<FileServer> {
  const files = new Map<string, Served>();
  const answered = new Map<string, number>();
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(request.headers.range === undefined ? path : `${path} ${request.headers.range}`);
    const served = files.get(path);
    if (served === undefined) {
      response.writeHead(404).end();
      return;
    }
    const n = answered.get(path) ?? 0;
    answered.set(path, n + 1);
    send(request, response, served, served.cuts?.[n]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    requests,
    serve: (path, served) => {
      files.set(path, served);
      answered.delete(path);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
