/**
 * The slice of a tracer that the server uses; its maker stands elsewhere and is handed in, or nothing is.
 *
 * Limits: attributes are ids, counts and bytes; never the text of a task, which no filter could tell.
 * Why a context is a string, as `traceparent` of W3C Trace Context has it: it goes from process to process as it is.
 */

export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface SpanOptions {
  /** A traceparent. Without one the span begins a trace. */
  readonly parent?: string | undefined;
  readonly attributes?: SpanAttributes;
}

export interface Span {
  /** Its traceparent, for what follows from it. */
  readonly context: string;
  set(attributes: SpanAttributes): void;
  end(hasFailed?: boolean): void;
}

export interface Tracing {
  start(name: string, options: SpanOptions): Span;
}
