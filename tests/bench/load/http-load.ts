/**
 * The scenario `api` by autocannon, a load tool for HTTP: each of its connections is a script that goes through the steps, and
 * begins again when it is through.
 *
 * Promise: the calls are those of `API_STEPS`; each round is in another space than the one before.
 */
import autocannon from 'autocannon';
import { API_ROUNDS, API_STEPS, apiCall, placeOf } from '@holdfast/deploy/load/scenarios.ts';
import type { Kept, People, Settings } from '@holdfast/deploy/load/scenarios.ts';
import type { World } from '@holdfast/deploy/load/device.ts';

interface Round {
  user?: number;
  kept?: Kept;
  isOver?: boolean;
}

/** Resolves when every script has made its rounds. */
export async function loadHttp(world: World, people: People, settings: Settings): Promise<void> {
  let rounds = 0;
  const requests = API_STEPS.map((step, n): autocannon.Request => ({
    setupRequest(request, context: Round) {
      if (n === 0) context.user = rounds++;
      // The step before was refused, and what this one is about is not there.
      if (context.isOver === true) return null as never;
      const { method, url, headers, body } = apiCall(
        people.baseUrl,
        placeOf(people, context.user ?? 0),
        step,
        context.kept ?? {},
      );
      return {
        ...request,
        method,
        path: url.slice(people.baseUrl.length),
        headers: { ...headers },
        ...(body === undefined ? {} : { body }),
      };
    },
    onResponse(status, body, context: Round) {
      world.count('calls');
      if (status !== step.status) {
        world.count('failures');
        context.isOver = true;
      } else if (step.keep) context.kept = step.keep(JSON.parse(body));
    },
  }));
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const run = autocannon(
    {
      url: people.baseUrl,
      connections: settings.scripts,
      amount: settings.scripts * API_ROUNDS * API_STEPS.length,
      requests,
    },
    (error: Error | null, result) => (error === null ? resolve(result) : reject(error)),
  );
  run.on('response', (_client, _status, _bytes, ms) => world.note('api', ms));
  const { errors } = await promise;
  if (errors > 0) world.count('failures', errors);
}
