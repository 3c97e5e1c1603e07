/** An account as a script would make it: by the HTTP API alone. */

export interface TestAccount {
  readonly email: string;
  readonly password: string;
  readonly token: string;
  /** The personal space that every account begins with. */
  readonly spaceId: string;
  newSpace(name: string): Promise<string>;
}

export async function createAccount(url: string, name = 'Ada'): Promise<TestAccount> {
  const email = `${name.toLowerCase()}-${crypto.randomUUID()}@example.org`;
  const password = 'correct horse battery staple';
  const response = await call(url, '/api/auth/sign-up/email', { body: { name, email, password } });
  return accountOf(url, { email, password }, response);
}

/** A token of an account that exists, as a script of its owner would get one. */
export async function signIn(url: string, who: { email: string; password: string }): Promise<TestAccount> {
  const { email, password } = who;
  return accountOf(url, who, await call(url, '/api/auth/sign-in/email', { body: { email, password } }));
}

async function accountOf(
  url: string,
  { email, password }: { email: string; password: string },
  signedIn: Response,
): Promise<TestAccount> {
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const made = await call(url, '/api/v1/tokens', { body: { name: 'a test' }, headers: { cookie } });
  const { token } = (await made.json()) as { token: string };
  const authorization = `Bearer ${token}`;
  const me = (await (await call(url, '/api/v1/me', { headers: { authorization } })).json()) as {
    spaces: { id: string }[];
  };
  const spaceId = me.spaces[0]?.id;
  if (spaceId === undefined) throw new Error('A new account has no space');
  return {
    email,
    password,
    token,
    spaceId,
    newSpace: async (spaceName) => {
      const response = await call(url, '/api/v1/spaces', {
        body: { name: spaceName },
        headers: { authorization },
      });
      return ((await response.json()) as { id: string }).id;
    },
  };
}

async function call(
  url: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> },
): Promise<Response> {
  const hasBody = options.body !== undefined;
  const response = await fetch(url + path, {
    method: hasBody ? 'POST' : 'GET',
    headers: { ...(hasBody ? { 'content-type': 'application/json' } : {}), origin: url, ...options.headers },
    ...(hasBody ? { body: JSON.stringify(options.body) } : {}),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response;
}
