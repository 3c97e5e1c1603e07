/** Who a request acts for, or why it acts for no one: shared by HTTP and the WebSocket upgrade. */
export interface Principal {
  readonly userId: string;
  readonly via: 'cookie' | 'bearer';
  readonly sessionId?: string;
  readonly tokenId?: string;
}

/** The codes are those of http/problem.ts, so that both doors use one set of names. */
export interface Refusal {
  readonly refused: true;
  readonly code: 'signed-out' | 'invalid-token' | 'cross-origin';
  readonly reason: string;
}

/** The part of a request that says who it is from; a node IncomingMessage fits. */
export interface RequestHead {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export function isRefusal(who: Principal | Refusal): who is Refusal {
  return 'refused' in who;
}
