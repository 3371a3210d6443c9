import { z } from "zod";

import { wireError } from "./wire.js";

/** One route of an OpenAPI document. */
export interface Route {
  readonly method: "get" | "post";
  readonly path: string;
  readonly summary: string;
  readonly parameters?: readonly object[];
  readonly body?: z.ZodType;
  /** Further content types of the body, with a description. */
  readonly otherBodies?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: z.ZodType }>>;
}

/** What travels: a schema's input side, before text becomes amounts. */
const schemaOf = (schema: z.ZodType): object => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

const json = (schema: z.ZodType): object => ({ "application/json": { schema: schemaOf(schema) } });

/** Routes that every role has. */
const COMMON: readonly Route[] = [
  {
    method: "get",
    path: "/health",
    summary: "200 while the role can be relied on, else 503",
    answers: { 200: { description: "ok" }, 503: { description: "not now" } },
  },
  { method: "get", path: "/metrics", summary: "Prometheus metrics", answers: { 200: { description: "text" } } },
  { method: "get", path: "/openapi.json", summary: "this document", answers: { 200: { description: "OpenAPI 3.1" } } },
];

/** An OpenAPI 3.1 document, made from the schemas that the messages are parsed with. */
export function openApi(title: string, routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, summary, parameters = [], body, otherBodies = {}, answers } of [...routes, ...COMMON]) {
    const content: Record<string, object> = body === undefined ? {} : { ...json(body) };
    for (const [type, description] of Object.entries(otherBodies)) {
      content[type] = { schema: { type: "string", format: "binary", description } };
    }
    const responses: Record<string, object> = {
      default: { description: "a refusal, with what to do next", content: json(wireError) },
    };
    for (const [status, { description, schema }] of Object.entries(answers)) {
      responses[status] = { description, ...(schema === undefined ? {} : { content: json(schema) }) };
    }
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        parameters,
        ...(body === undefined ? {} : { requestBody: { required: true, content } }),
        responses,
      },
    };
  }
  return { openapi: "3.1.0", info: { title, version: "1" }, paths };
}
