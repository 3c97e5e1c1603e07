/**
 * The trace of one edit in the process that took it: from its frame to its commit to its being handed on.
 *
 * Promise: three spans, `edit` around `commit` and `relay`; the context of the first goes with the announcement of the commit, so
 * that other servers and the workers carry the trace on.
 * Limits: an announcement is one for all edits of a space in one commit, and carries the context of the last of them: what others
 * do with the rest is found by the id of the space and the sequence. No object of this kind is made while traces are off.
 */
import type { Span, Tracing } from '../tracing.ts';

export class EditTrace {
  readonly #tracing: Tracing;
  readonly #edit: Span;
  readonly #commit: Span;
  #relay: Span | null = null;

  constructor(tracing: Tracing, of: { connectionId: string; spaceId: string; bytes: number }) {
    this.#tracing = tracing;
    this.#edit = tracing.start('edit', {
      attributes: {
        'holdfast.connection.id': of.connectionId,
        'holdfast.space.id': of.spaceId,
        'holdfast.edit.bytes': of.bytes,
      },
    });
    this.#commit = tracing.start('commit', { parent: this.#edit.context });
  }

  get context(): string {
    return this.#edit.context;
  }

  /** `edits`: how many of this space the commit held. */
  committed(seq: number, edits: number): void {
    this.#edit.set({ 'holdfast.seq': seq });
    this.#commit.set({ 'holdfast.commit.edits': edits });
    this.#commit.end();
    this.#relay = this.#tracing.start('relay', { parent: this.#edit.context });
  }

  /** `sockets`: of its space, its sender's among them. */
  relayed(sockets: number): void {
    this.#relay?.set({ 'holdfast.sockets': sockets });
    this.#relay?.end();
    this.#edit.end();
  }

  refused(): void {
    this.#commit.end(true);
    this.#edit.end(true);
  }
}
