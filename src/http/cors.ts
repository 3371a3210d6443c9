import type { FastifyInstance } from "fastify";

/**
 * Lets web pages of any origin call a server. It knows no cookies and no sessions: who pays is in the request itself, so a
 * page can do nothing here that anybody could not.
 */
export function allowBrowsers(server: FastifyInstance): void {
  server.addHook("onRequest", async (request, reply) => {
    reply.header("access-control-allow-origin", "*");
    if (request.method !== "OPTIONS") return;
    return reply
      .code(204)
      .headers({
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "86400",
      })
      .send();
  });
}
