/** What the workers are told by the person who runs them. Read from the environment by deploy/config.ts alone. */
export interface WorkersConfig {
  /** The address that people use, for links in mails. */
  readonly publicUrl: string | undefined;
  readonly vapid:
    { readonly publicKey: string; readonly privateKey: string; readonly subject: string } | undefined;
  /** Without it no mail is sent. */
  readonly smtp: { readonly url: string; readonly from: string } | undefined;
  readonly allowPrivateEndpoints: boolean;
  /** Days that the audit is kept. */
  readonly auditRetentionDays: number;
  /** Signs the links that work without signing in (to unsubscribe from mails). */
  readonly secret: string;
}

export const WORKERS_DEFAULTS: WorkersConfig = {
  publicUrl: undefined,
  vapid: undefined,
  smtp: undefined,
  allowPrivateEndpoints: false,
  auditRetentionDays: 30,
  secret: '',
};
