/** What a server is told by the person who runs it. Read from the environment by deploy/config.ts alone. */
export interface ServerConfig {
  /** Shown by /healthz and in the API's description. */
  readonly version: string;
  /** Who may sign up. The first account is always allowed and becomes the administrator. */
  readonly signup: 'open' | 'invite' | 'closed';
  /** The address people use, if it is not simply the one they reach the server by: behind a proxy, say. */
  readonly publicUrl?: string;
  /** At least 32 characters; signs session cookies. Changing it signs everyone out. */
  readonly authSecret: string;
  /** When set, /metrics wants it as a Bearer token. */
  readonly metricsToken?: string;
  /** The public half of the key that signs pushes, base64url. Without it there is no push. */
  readonly vapidPublicKey?: string;
  /** Whether the workers have a mail server. Default false. */
  readonly hasMailServer?: boolean;
  /** Whether the workers can send mail with links in it. Default false. */
  readonly sendsMail?: boolean;
  /** Whether addresses of private networks may be called, by push services and webhooks. Default false. */
  readonly allowPrivateEndpoints?: boolean;
  /** False for benchmarks and trusted networks. */
  readonly rateLimits: boolean;
}
