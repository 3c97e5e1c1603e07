/**
 * Traces over OTLP: the one place that knows OpenTelemetry. Loaded only where OTEL_EXPORTER_OTLP_ENDPOINT is set.
 *
 * Promise: spans are sent in the background, in batches; while nobody takes them at most `MAX_WAITING` are held and the rest
 * is dropped, and the first failure of a row of them is logged. `close` sends what is there, for so long and no longer.
 * Limits: nothing is registered globally, so libraries that look for a tracer find none, and no text of a request or a query
 * comes into a trace by them.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Link, SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace';
import type { SAMPLERS } from './config.ts';

export interface TracingOptions {
  /** The base; spans go to /v1/traces below it. */
  readonly endpoint: string;
  readonly sampler: (typeof SAMPLERS)[number];
  /** Of the samplers by ratio: from 0 to 1. */
  readonly samplerArg: number;
  readonly role: string;
  readonly version: string;
  /** Told when sending begins to fail, and when it works again. */
  readonly onTrouble: (error: Error | null) => void;
}

type Attributes = Readonly<Record<string, string | number>>;

export interface TracedSpan {
  readonly context: string;
  set(attributes: Attributes): void;
  end(hasFailed?: boolean): void;
}

export interface Tracing {
  start(
    name: string,
    options: {
      readonly parent?: string | undefined;
      readonly links?: readonly string[];
      readonly attributes?: Attributes;
      readonly startedAtMs?: number;
    },
  ): TracedSpan;
  close(): Promise<void>;
}

const MAX_WAITING = 2048;
const BATCH = 512;
const SEND_EVERY_MS = 2000;
const SEND_LIMIT_MS = 5000;
const CLOSE_LIMIT_MS = 3000;

export function createTracing(options: TracingOptions): Tracing {
  const { endpoint, role, version, onTrouble } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: SEND_LIMIT_MS,
  });
  const tell = onChange(onTrouble);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'holdfast',
      'service.version': version,
      'service.instance.id': crypto.randomUUID(),
      'holdfast.role': role,
    }),
    sampler: samplerFor(options),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: told(exporter, tell),
        maxQueueSize: MAX_WAITING,
        maxExportBatchSize: BATCH,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_LIMIT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('holdfast', version);

  return {
    start(name, { parent, links = [], attributes, startedAtMs }) {
      const span = tracer.startSpan(
        name,
        {
          kind: KINDS[name.split(' ')[0] ?? ''] ?? SpanKind.INTERNAL,
          links: links.flatMap(linkTo),
          ...(attributes === undefined ? {} : { attributes }),
          ...(startedAtMs === undefined ? {} : { startTime: startedAtMs }),
        },
        contextOf(parent),
      );
      return {
        context: traceparent(span.spanContext()),
        set: (more) => void span.setAttributes(more),
        end(hasFailed = false) {
          if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    async close() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        // A process that ends soon after it began has not been told yet that what it tries again is in vain.
        tell(new Error('Not all traces could be sent before the end.'));
        late.resolve();
      }, CLOSE_LIMIT_MS);
      await Promise.race([provider.shutdown().catch(() => undefined), late.promise]);
      clearTimeout(timer);
    },
  };
}

/** What comes in, what is taken from another, and what goes out to someone. */
const KINDS: Readonly<Record<string, SpanKind>> = {
  edit: SpanKind.SERVER,
  project: SpanKind.CONSUMER,
  deliver: SpanKind.CLIENT,
};

function samplerFor({ sampler, samplerArg }: TracingOptions): Sampler {
  const [, isParentBased, name] = /^(parentbased_)?(.+)$/.exec(sampler) ?? [];
  const root =
    name === 'traceidratio'
      ? new TraceIdRatioBasedSampler(samplerArg)
      : name === 'always_off'
        ? new AlwaysOffSampler()
        : new AlwaysOnSampler();
  return isParentBased === undefined ? root : new ParentBasedSampler({ root });
}

type Tell = (error: Error | null) => void;

/** Told when failures begin and when they end, and not in between. */
function onChange(onTrouble: Tell): Tell {
  let isFailing = false;
  return (error) => {
    if ((error !== null) === isFailing) return;
    isFailing = error !== null;
    onTrouble(error);
  };
}

/** The same, and whoever is told hears how it went. */
function told(exporter: SpanExporter, tell: Tell): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        tell(result.code === 0 ? null : (result.error ?? new Error('Traces could not be sent.')));
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

// --- W3C Trace Context ---

function traceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

function spanContextOf(text: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function contextOf(parent: string | undefined): Context {
  const found = parent === undefined ? undefined : spanContextOf(parent);
  return found ? trace.setSpanContext(ROOT_CONTEXT, found) : ROOT_CONTEXT;
}

function linkTo(text: string): Link[] {
  const context = spanContextOf(text);
  return context ? [{ context }] : [];
}
