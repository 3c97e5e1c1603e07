/**
 * The server to compare with: @hocuspocus/server with its Database extension on Postgres, as its guide shows
 * it, with nothing added that costs. It runs as its own process; the bench asks by IPC whether all is stored.
 *
 * Arguments: the database's URL, and `default` (stores 2 s after the last change, 10 s at most) or `every`
 * (debounce 0: stores at every change).
 */
import { Database } from '@hocuspocus/extension-database';
import { Server } from '@hocuspocus/server';
import pg from 'pg';

const [databaseUrl, mode] = process.argv.slice(2);
if (databaseUrl === undefined || (mode !== 'default' && mode !== 'every')) {
  throw new Error('Give the URL of the database, and `default` or `every`');
}

const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
pool.on('error', (error) => console.error(error.message));
await pool.query('CREATE TABLE IF NOT EXISTS documents (name text PRIMARY KEY, data bytea NOT NULL)');

let storing = 0;
let stored = 0;

const server = new Server({
  address: '127.0.0.1',
  port: 0,
  quiet: true,
  ...(mode === 'every' ? { debounce: 0, maxDebounce: 0 } : {}),
  extensions: [
    new Database({
      fetch: async ({ documentName }) => {
        const { rows } = await pool.query('SELECT data FROM documents WHERE name = $1', [documentName]);
        return rows[0]?.data ?? null;
      },
      store: async ({ documentName, state }) => {
        storing += 1;
        try {
          await pool.query(
            'INSERT INTO documents (name, data) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET data = $2',
            [documentName, state],
          );
          stored += 1;
        } finally {
          storing -= 1;
        }
      },
    }),
  ],
});

function isStoring(): boolean {
  const { debouncer, documents } = server.hocuspocus;
  if (storing > 0) return true;
  for (const document of documents.values()) {
    const id = `onStoreDocument-${document.name}`;
    if (debouncer.isDebounced(id) || debouncer.isCurrentlyExecuting(id) || document.saveMutex.isLocked())
      return true;
  }
  return false;
}

process.on('message', (question) => {
  if (question === 'stored?') process.send?.({ storing: isStoring(), stored });
});
process.on('disconnect', () => process.exit(1));

await server.listen();
console.log(`ready http://127.0.0.1:${server.address.port}`);
