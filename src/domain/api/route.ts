/** What a route of the HTTP API is: method, path, and the schemas of what goes in and out. Server, client and OpenAPI read it. */
import { z } from 'zod';
import type { Role } from '#src/domain/access-token.ts';

export type RouteSpec = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `{name}` for parameters. */
  path: string;
  summary: string;
  /** The status of a good answer. */
  status: 200 | 201 | 202;
  /** Who may call it; else a viewer where it only reads, an operator where not. */
  role?: Role;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  answer: z.ZodType;
  /** Media types of the answer where it is a `Download`; else it is JSON. */
  media?: readonly string[];
};

export const route = <const R extends RouteSpec>(spec: R): R => spec;

type In<S> = S extends z.ZodType ? z.input<S> : undefined;
type Out<S> = S extends z.ZodType ? z.output<S> : undefined;
type Part<R, K extends string> = R extends Record<K, infer S> ? S : undefined;
type Given<K extends string, V> = [V] extends [undefined]
  ? unknown
  : undefined extends V
    ? Partial<Record<K, V>>
    : Record<K, V>;

/** What a caller passes: unparsed. */
export type RouteInput<R extends RouteSpec> = Given<'params', In<Part<R, 'params'>>> &
  Given<'query', In<Part<R, 'query'>>> &
  Given<'body', In<Part<R, 'body'>>>;

/** What a handler gets: parsed. */
export type RouteParsed<R extends RouteSpec> = Given<'params', Out<Part<R, 'params'>>> &
  Given<'query', Out<Part<R, 'query'>>> &
  Given<'body', Out<Part<R, 'body'>>>;

export type RouteAnswer<R extends RouteSpec> = z.output<R['answer']>;

/** The answer of a list. */
export const items = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional() });

/** The answer of a route that streams a file. */
export const Download = z.custom<{ name: string; type: string; body: ReadableStream<Uint8Array> }>();
export type Download = z.infer<typeof Download>;
