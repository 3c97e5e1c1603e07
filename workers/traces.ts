/**
 * The part that workers have in the trace of an edit: project, fire, deliver.
 *
 * Promise: what is projected belongs to the trace of the edit that was heard of with it; a reminder that fires and a webhook that
 * is posted within a minute of it belong to it too, and later ones are traces of their own with a link to it. Only ids and
 * counts are told.
 * Limits: contexts come with hints and are kept in memory alone, so many of them and no more: where a hint was lost, or another
 * process planned what fires here, the span begins a trace, and is found by the id of its space.
 * Why not in the log or in a table: a context is of use for minutes and rows are for ever.
 */

export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface WorkerSpan {
  /** A traceparent of W3C Trace Context. */
  readonly context: string;
  set(attributes: SpanAttributes): void;
  end(hasFailed?: boolean): void;
}

/** The slice of a tracer that workers use. */
export interface WorkerTracing {
  start(
    name: string,
    options: {
      readonly parent?: string | undefined;
      readonly links?: readonly string[];
      readonly attributes?: SpanAttributes;
      /** Milliseconds since the epoch; now when left out. */
      readonly startedAtMs?: number;
    },
  ): WorkerSpan;
}

export interface WorkerTraces {
  /** A hint about a space came with the context of an edit. */
  heard(spaceId: string, context: string): void;
  projected(
    spaceId: string,
    startedAtMs: number,
    counts: { readonly rows: number; readonly auditRows: number; readonly events: number },
  ): void;
  /** What was heard of had been projected before. */
  projectedBefore(spaceId: string): void;
  fired(notification: {
    readonly id: string;
    readonly spaceId: string;
    readonly outcome: string;
    readonly lateMs: number;
  }): void;
  /** Ends with the try. */
  delivering(delivery: {
    readonly notificationId: string;
    readonly spaceId: string;
    readonly channel: string;
    readonly attempt: number;
  }): WorkerSpan;
  /** Ends with the try. */
  posting(webhook: { readonly id: string; readonly spaceId: string; readonly seq: number }): WorkerSpan;
}

const MAX_KEPT = 10_000;
const MAX_HEARD_PER_SPACE = 32;
/** A trace that goes on for longer is not shown well by anything. */
const SAME_TRACE_MS = 60_000;

interface Recent {
  readonly context: string;
  readonly atMs: number;
}

export function createWorkerTraces(tracing: WorkerTracing, now: () => number): WorkerTraces {
  const heard = new Map<string, string[]>();
  const projections = new Map<string, Recent>();
  const firings = new Map<string, Recent>();

  const take = (spaceId: string): readonly string[] => {
    const contexts = heard.get(spaceId) ?? [];
    heard.delete(spaceId);
    return contexts;
  };

  /** The newest of a key, and no more keys than are bearable. */
  function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
    map.delete(key);
    map.set(key, value);
    const oldest = map.size > MAX_KEPT ? map.keys().next().value : undefined;
    if (oldest !== undefined) map.delete(oldest);
  }

  function after(recent: Recent | undefined): { parent?: string; links?: readonly string[] } {
    if (recent === undefined) return {};
    return now() - recent.atMs <= SAME_TRACE_MS ? { parent: recent.context } : { links: [recent.context] };
  }

  function project(
    spaceId: string,
    startedAtMs: number,
    attributes: SpanAttributes,
    before: readonly string[],
  ): WorkerSpan {
    const [parent, ...others] = take(spaceId);
    const span = tracing.start('project', {
      parent,
      links: [...others, ...before],
      startedAtMs,
      attributes: { 'holdfast.space.id': spaceId, ...attributes },
    });
    span.end();
    return span;
  }

  return {
    heard(spaceId, context) {
      const contexts = heard.get(spaceId) ?? [];
      if (contexts.length < MAX_HEARD_PER_SPACE) contexts.push(context);
      keep(heard, spaceId, contexts);
    },
    projected(spaceId, startedAtMs, { rows, auditRows, events }) {
      const counts = { 'holdfast.rows': rows, 'holdfast.audit.rows': auditRows, 'holdfast.events': events };
      const { context } = project(spaceId, startedAtMs, counts, []);
      keep(projections, spaceId, { context, atMs: now() });
    },
    projectedBefore(spaceId) {
      if (!heard.has(spaceId)) return;
      const recent = projections.get(spaceId);
      project(spaceId, now(), { 'holdfast.rows': 0 }, recent ? [recent.context] : []);
    },
    fired({ id, spaceId, outcome, lateMs }) {
      const span = tracing.start('fire', {
        ...after(projections.get(spaceId)),
        attributes: {
          'holdfast.space.id': spaceId,
          'holdfast.notification.id': id,
          'holdfast.outcome': outcome,
          'holdfast.late_ms': lateMs,
        },
      });
      span.end();
      keep(firings, id, { context: span.context, atMs: now() });
    },
    delivering({ notificationId, spaceId, channel, attempt }) {
      return tracing.start(`deliver ${channel}`, {
        ...after(firings.get(notificationId)),
        attributes: {
          'holdfast.space.id': spaceId,
          'holdfast.notification.id': notificationId,
          'holdfast.attempt': attempt,
        },
      });
    },
    posting({ id, spaceId, seq }) {
      return tracing.start('deliver webhook', {
        ...after(projections.get(spaceId)),
        attributes: { 'holdfast.space.id': spaceId, 'holdfast.webhook.id': id, 'holdfast.event.seq': seq },
      });
    },
  };
}
